//! The committed contract, called in an EVM of the rules it was compiled for (London).

use alloy_sol_types::{SolCall as _, SolConstructor as _, SolEvent as _, SolInterface as _, SolValue as _};
use revm::{
    Context, ExecuteEvm as _, MainBuilder as _, MainContext as _, SystemCallEvm as _,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, Output},
    },
    primitives::{Address as EvmAddress, Bytes, Log, TxKind, U256, hardfork::SpecId},
    state::EvmState,
};

use super::state::{State, StateError};
use crate::{Address, EventKind, Grant, LedgerError, MAX_PERIOD_SECONDS, Proof, Status};

mod abi {
    #![allow(
        missing_debug_implementations,
        unreachable_pub,
        clippy::pedantic,
        reason = "generated from the artefact"
    )]
    alloy_sol_types::sol!(ConsentRegistry, "contracts/artifact/ConsentRegistry.json");
}
use abi::ConsentRegistry::{self as registry, ConsentRegistryErrors};

/// An EVM over a state; a macro because its type has eleven parameters.
macro_rules! evm {
    ($state:expr, $block:expr) => {
        Context::mainnet()
            .with_db($state)
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::LONDON);
                cfg.chain_id = $block.chain_id;
            })
            .modify_block_chained(|env| env.timestamp = U256::from($block.time))
            .build_mainnet()
    };
}
/// Who deploys: a label, no key. With nonce 0 it fixes the registry's address, the same in every installation.
const DEPLOYER: EvmAddress = EvmAddress::new(*b"carnet-embedded-regi");

/// Enough for the deployment and for any call; nothing is paid.
const DEPLOYMENT_GAS: u64 = 10_000_000;

/// Chain and time an execution sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) chain_id: u64,
    /// Unix seconds.
    pub(super) time: u64,
}

/// What is asked of the contract.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Grant(Grant, [u8; 65]),
    Revoke(Grant, Proof),
}

impl Operation {
    pub(super) fn grant(&self) -> &Grant {
        match self {
            Self::Grant(grant, _) | Self::Revoke(grant, _) => grant,
        }
    }

    pub(super) fn kind(&self) -> EventKind {
        match self {
            Self::Grant(..) => EventKind::Granted,
            Self::Revoke(..) => EventKind::Revoked,
        }
    }

    fn call_data(&self) -> Bytes {
        let g = abi_grant(self.grant());
        match self {
            Self::Grant(_, signature) => registry::grantCall {
                g,
                signature: Bytes::copy_from_slice(signature),
            }
            .abi_encode(),
            Self::Revoke(_, Proof::Signature(signature)) => registry::revokeBySignatureCall {
                g,
                signature: Bytes::copy_from_slice(signature),
            }
            .abi_encode(),
            Self::Revoke(_, Proof::Secret(secret)) => registry::revokeBySecretCall {
                g,
                secret: secret.into(),
            }
            .abi_encode(),
        }
        .into()
    }
}

/// What the contract did: the id it computed, and the changed state if this was not a repetition.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) grant_id: [u8; 32],
    pub(super) changes: Option<EvmState>,
}

/// Where the deployment puts the registry.
pub(super) fn registry_address() -> Address {
    Address(DEPLOYER.create(0).into_array())
}

/// The registry's code and first state.
pub(super) fn deploy(state: &mut State<'_>, block: Block) -> Result<EvmState, LedgerError> {
    let arguments = registry::constructorCall {
        maxPeriod_: MAX_PERIOD_SECONDS,
    }
    .abi_encode();
    let transaction = TxEnv {
        caller: DEPLOYER,
        gas_limit: DEPLOYMENT_GAS,
        gas_price: 0,
        kind: TxKind::Create,
        data: [registry::BYTECODE.as_ref(), &arguments].concat().into(),
        chain_id: Some(block.chain_id),
        ..TxEnv::default()
    };
    let done = evm!(state, block).transact(transaction).map_err(from_evm)?;
    match done.result {
        ExecutionResult::Success {
            output: Output::Create(_, Some(address)),
            ..
        } if address.into_array() == registry_address().0 => Ok(done.state),
        _ => Err(LedgerError::Damaged("the contract was not deployed")),
    }
}

/// Runs an operation; `state` itself is not changed.
pub(super) fn run(state: &mut State<'_>, block: Block, operation: &Operation) -> Result<Done, LedgerError> {
    let done = evm!(state, block)
        .system_call(registry_evm_address(), operation.call_data())
        .map_err(from_evm)?;
    match done.result {
        ExecutionResult::Success { logs, output, .. } => {
            let grant_id = <[u8; 32]>::abi_decode(output.data())
                .map_err(|_| LedgerError::Damaged("the contract's answer is not an id"))?;
            match logs.as_slice() {
                [] => Ok(Done {
                    grant_id,
                    changes: None,
                }),
                [log] if kind_of(log) == Some(operation.kind()) => Ok(Done {
                    grant_id,
                    changes: Some(done.state),
                }),
                _ => Err(LedgerError::Damaged("the contract reported another operation")),
            }
        }
        ExecutionResult::Revert { output, .. } => Err(refusal(&output)),
        ExecutionResult::Halt { .. } => Err(LedgerError::Damaged("the contract stopped")),
    }
}

/// The status of a grant at the block's time.
pub(super) fn status(
    state: &mut State<'_>,
    block: Block,
    grant_id: &[u8; 32],
) -> Result<Status, LedgerError> {
    let call = registry::statusOfCall {
        grantId: grant_id.into(),
    }
    .abi_encode();
    let done = evm!(state, block)
        .system_call(registry_evm_address(), call.into())
        .map_err(from_evm)?;
    let answer = match &done.result {
        ExecutionResult::Success { output, .. } => {
            registry::statusOfCall::abi_decode_returns_validate(output.data()).ok()
        }
        _ => None,
    };
    match answer {
        Some(0) => Ok(Status::None),
        Some(1) => Ok(Status::Pending),
        Some(2) => Ok(Status::Active),
        Some(3) => Ok(Status::Revoked),
        Some(4) => Ok(Status::Expired),
        _ => Err(LedgerError::Damaged("the contract's answer is not a status")),
    }
}

fn registry_evm_address() -> EvmAddress {
    EvmAddress::new(registry_address().0)
}

fn abi_grant(grant: &Grant) -> registry::Grant {
    registry::Grant {
        subject: grant.subject.0.into(),
        commitment: grant.commitment.into(),
        notBefore: grant.not_before,
        expiry: grant.expiry,
        revokeHash: grant.revoke_hash.into(),
    }
}

fn kind_of(log: &Log) -> Option<EventKind> {
    let topic = log.topics().first()?;
    if *topic == registry::Granted::SIGNATURE_HASH {
        Some(EventKind::Granted)
    } else if *topic == registry::Revoked::SIGNATURE_HASH {
        Some(EventKind::Revoked)
    } else {
        None
    }
}

fn refusal(output: &[u8]) -> LedgerError {
    match ConsentRegistryErrors::abi_decode(output) {
        Ok(ConsentRegistryErrors::BadSignature(_)) => LedgerError::BadSignature,
        Ok(ConsentRegistryErrors::WrongSecret(_)) => LedgerError::WrongSecret,
        Ok(ConsentRegistryErrors::WindowEmpty(_)) => LedgerError::WindowEmpty,
        Ok(ConsentRegistryErrors::TooLong(_)) => LedgerError::TooLong,
        Ok(ConsentRegistryErrors::NotNow(_)) => LedgerError::NotNow,
        Ok(ConsentRegistryErrors::AlreadyRevoked(_)) => LedgerError::Revoked,
        Ok(ConsentRegistryErrors::LengthsDiffer(_) | ConsentRegistryErrors::BadMaximum(_)) | Err(_) => {
            LedgerError::Damaged("the contract gave an unknown reason")
        }
    }
}

fn from_evm(error: EVMError<StateError>) -> LedgerError {
    match error {
        EVMError::Database(StateError::Store(source)) => LedgerError::Store(source),
        EVMError::Database(StateError::Damaged(what)) => LedgerError::Damaged(what),
        EVMError::Transaction(_) | EVMError::Header(_) | EVMError::Custom(_) | EVMError::CustomAny(_) => {
            LedgerError::Damaged("the contract could not be run")
        }
    }
}
