//! The EVM's state as pairs in a store, with the changes of the commit being prepared on top.
//!
//! Keys, all under `ledger/`: `a` address → nonce, balance, code hash · `c` hash → code · `s` address, slot → value (32
//! bytes) and, if it was an operation that changed it, that operation's sequence number (8) · and what [`records`](super::records) adds. Integers are big-endian.

use std::sync::Arc;

use carnet_store::{Batch, Store, StoreError};
use revm::{
    Database,
    database_interface::DBErrorMarker,
    handler::SYSTEM_ADDRESS,
    primitives::{Address, B256, KECCAK_EMPTY, StorageKey, StorageValue, U256},
    state::{AccountInfo, Bytecode, EvmState},
};

use super::commits::Changes;
use crate::{LedgerError, eip712::keccak};

const PREFIX: &[u8] = b"ledger/";

/// Why a state can't be read.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum StateError {
    #[error("the store failed")]
    Store(#[source] Arc<dyn std::error::Error + Send + Sync>),
    #[error("{0}")]
    Damaged(&'static str),
}

impl DBErrorMarker for StateError {}

impl From<StoreError> for StateError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<StateError> for LedgerError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Store(source) => Self::Store(source),
            StateError::Damaged(what) => Self::Damaged(what),
        }
    }
}

/// The registry's own account, read and its code hashed and analysed once. It has no balance and makes no contract, so no
/// operation changes it.
#[derive(Debug)]
pub(super) struct Contract {
    address: Address,
    info: AccountInfo,
}

impl Contract {
    pub(super) fn load(state: &mut State<'_>, address: Address) -> Result<Self, StateError> {
        let info = state.basic(address)?;
        let mut info = info.ok_or(StateError::Damaged("the contract is missing"))?;
        info.code = Some(state.code_by_hash(info.code_hash)?);
        Ok(Self { address, info })
    }
}

/// What is stored, and what would be stored next.
#[derive(Debug)]
pub(super) struct State<'a> {
    store: &'a dyn Store,
    known: Option<&'a Contract>,
    /// What is on its way to the store.
    under_way: Option<Arc<Changes>>,
    changes: Changes,
}

impl<'a> State<'a> {
    pub(super) fn over(store: &'a dyn Store, known: Option<&'a Contract>) -> Self {
        Self {
            store,
            known,
            under_way: None,
            changes: Changes::new(),
        }
    }

    /// As if what is on its way were stored.
    pub(super) fn on_top_of(mut self, under_way: Option<Arc<Changes>>) -> Self {
        self.under_way = under_way;
        self
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        let coming = self.under_way.as_deref().and_then(|changes| changes.get(key));
        match self.changes.get(key).or(coming) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.store.get(key)?),
        }
    }

    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert(key, Some(value));
    }

    /// Takes over what a transaction changed, in the operation of this number if it was one.
    pub(super) fn apply(&mut self, changed: EvmState, operation: Option<u64>) -> Result<(), StateError> {
        for (address, account) in changed {
            // Nothing self-destructs in the registry; an empty account is no account (EIP-161).
            if !account.is_touched() || account.is_empty() {
                continue;
            }
            let info = &account.info;
            if self.basic(address)?.as_ref() != Some(info) {
                if self.known.is_some_and(|known| known.address == address) {
                    return Err(StateError::Damaged("the contract's account would change"));
                }
                self.put(account_key(address), encode_account(info));
                if let Some(code) = info.code.as_ref().filter(|code| !code.is_empty()) {
                    self.put(
                        key(b'c', &[info.code_hash.as_slice()]),
                        code.original_byte_slice().to_vec(),
                    );
                }
            }
            for (slot, value) in account.changed_storage_slots() {
                let value = value.present_value;
                let stored = (!value.is_zero()).then(|| {
                    let mut stored = value.to_be_bytes::<32>().to_vec();
                    stored.extend(operation.map(u64::to_be_bytes).iter().flatten());
                    stored
                });
                self.changes.insert(slot_key(address, *slot), stored);
            }
        }
        Ok(())
    }

    /// The number of the operation that changed this slot last.
    pub(super) fn changed_by(&self, address: Address, slot: StorageKey) -> Result<Option<u64>, StateError> {
        Ok(self.slot(address, slot)?.and_then(|(_, operation)| operation))
    }

    fn slot(
        &self,
        address: Address,
        slot: StorageKey,
    ) -> Result<Option<(StorageValue, Option<u64>)>, StateError> {
        const WRONG: StateError = StateError::Damaged("a storage slot has the wrong length");
        let Some(bytes) = self.get(&slot_key(address, slot))? else {
            return Ok(None);
        };
        let (value, operation) = bytes.split_first_chunk::<32>().ok_or(WRONG)?;
        let operation = match operation {
            [] => None,
            number => Some(u64::from_be_bytes(number.try_into().map_err(|_| WRONG)?)),
        };
        Ok(Some((U256::from_be_bytes(*value), operation)))
    }

    /// Everything that is to be committed.
    pub(super) fn into_changes(self) -> Changes {
        self.changes
    }

    pub(super) fn into_batch(self) -> Batch {
        batch_of(self.changes)
    }
}

pub(super) fn batch_of(changes: Changes) -> Batch {
    let mut batch = Batch::new();
    for (key, value) in changes {
        match value {
            Some(value) => batch.put(key, value),
            None => batch.delete(key),
        }
    }
    batch
}

impl Database for State<'_> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        if let Some(known) = self.known.filter(|known| known.address == address) {
            return Ok(Some(known.info.clone()));
        }
        // From here come the calls; it never has an account.
        if address == SYSTEM_ADDRESS {
            return Ok(None);
        }
        self.get(&account_key(address))?
            .map(|bytes| decode_account(&bytes))
            .transpose()
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        if hash == KECCAK_EMPTY {
            return Ok(Bytecode::default());
        }
        let code = self
            .get(&key(b'c', &[hash.as_slice()]))?
            .ok_or(StateError::Damaged("the contract's code is missing"))?;
        if keccak(&[&code]) != hash.0 {
            return Err(StateError::Damaged(
                "the contract's code is not what was deployed",
            ));
        }
        Ok(Bytecode::new_legacy(code.into()))
    }

    fn storage(&mut self, address: Address, slot: StorageKey) -> Result<StorageValue, StateError> {
        Ok(self.slot(address, slot)?.map_or(U256::ZERO, |(value, _)| value))
    }

    fn block_hash(&mut self, _: u64) -> Result<B256, StateError> {
        Ok(B256::ZERO)
    }
}

/// A key of the ledger's part of the store.
pub(super) fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = PREFIX.to_vec();
    key.push(kind);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

fn account_key(address: Address) -> Vec<u8> {
    key(b'a', &[address.as_slice()])
}

fn slot_key(address: Address, slot: StorageKey) -> Vec<u8> {
    key(b's', &[address.as_slice(), &slot.to_be_bytes::<32>()])
}

fn encode_account(info: &AccountInfo) -> Vec<u8> {
    [
        &info.nonce.to_be_bytes()[..],
        &info.balance.to_be_bytes::<32>(),
        info.code_hash.as_slice(),
    ]
    .concat()
}

fn decode_account(bytes: &[u8]) -> Result<AccountInfo, StateError> {
    let bytes: &[u8; 72] = bytes
        .try_into()
        .map_err(|_| StateError::Damaged("an account has the wrong length"))?;
    let (nonce, rest) = bytes.split_at(8);
    let (balance, code_hash) = rest.split_at(32);
    let mut number = [0; 8];
    number.copy_from_slice(nonce);
    Ok(AccountInfo {
        nonce: u64::from_be_bytes(number),
        balance: U256::from_be_slice(balance),
        code_hash: B256::from_slice(code_hash),
        code: None,
        ..AccountInfo::default()
    })
}
