//! Who pays: signs transactions, and says how much they may cost.

use std::fmt;

use alloy_consensus::{SignableTransaction as _, TxEip1559};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{B256, Bytes, Signature, TxKind};
use k256::ecdsa::SigningKey;

use super::outbox::Sending;
use crate::{Address, Domain, LedgerError, address_of, sign::sign};

/// What the relayer pays, in wei for each gas (EIP-1559).
#[derive(Clone, Copy, Debug)]
pub struct Fees {
    /// Never more than this, tip included. Nothing is sent while the chain asks for more.
    pub most: u128,
    /// To whoever includes a transaction, where the node doesn't say what is usual.
    pub tip: u128,
}

impl Default for Fees {
    /// At most 200 gwei, a tip of 1 gwei: a grant of 57,000 gas costs at most 0.0114 of the chain's coin.
    fn default() -> Self {
        Self {
            most: 200_000_000_000,
            tip: 1_000_000_000,
        }
    }
}

impl Fees {
    /// Fee and tip for a block after one with this base fee: enough when it doubles. `None` if it is above the limit.
    pub(super) fn now(&self, base: u128, usual_tip: Option<u128>) -> Option<(u128, u128)> {
        if base >= self.most {
            return None;
        }
        let tip = usual_tip.unwrap_or(self.tip).clamp(1, self.most - base);
        let fee = base.saturating_mul(2).saturating_add(tip).min(self.most);
        Some((fee, tip))
    }

    /// What replaces a transaction with this fee and tip: an eighth more of each, as nodes want at least a tenth, and not less
    /// than what is asked now. `None` if that is above the limit.
    pub(super) fn raised(&self, fee: u128, tip: u128, now: (u128, u128)) -> Option<(u128, u128)> {
        let more = |wei: u128| wei.saturating_add(wei / 8).saturating_add(1);
        let (fee, tip) = (more(fee).max(now.0), more(tip).max(now.1));
        (fee <= self.most).then_some((fee, tip.min(fee)))
    }
}

/// The account that submits.
pub(super) struct Relayer {
    pub(super) address: Address,
    pub(super) fees: Fees,
    key: SigningKey,
}

impl Relayer {
    pub(super) fn new(key: SigningKey, fees: Fees) -> Self {
        let address = address_of(&key);
        Self { address, fees, key }
    }

    /// The transaction for what is to be sent, always the same for the same, and its hash.
    pub(super) fn transaction(
        &self,
        domain: &Domain,
        nonce: u64,
        sending: &Sending,
    ) -> Result<(B256, Bytes), LedgerError> {
        let to = TxKind::Call(domain.registry.0.into());
        self.signed(
            domain.chain_id,
            nonce,
            (sending.fee, sending.tip),
            sending.gas,
            to,
            &sending.call,
        )
    }

    pub(super) fn signed(
        &self,
        chain_id: u64,
        nonce: u64,
        (fee, tip): (u128, u128),
        gas: u64,
        to: TxKind,
        input: &Bytes,
    ) -> Result<(B256, Bytes), LedgerError> {
        let transaction = TxEip1559 {
            chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: tip,
            to,
            input: input.clone(),
            ..TxEip1559::default()
        };
        let signature = sign(&transaction.signature_hash().0, &self.key);
        let signature = Signature::from_raw_array(&signature)
            .map_err(|_| LedgerError::Damaged("the relayer's key does not sign"))?;
        let transaction = transaction.into_signed(signature);
        Ok((*transaction.hash(), transaction.encoded_2718().into()))
    }
}

impl fmt::Debug for Relayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relayer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEES: Fees = Fees { most: 1_000, tip: 5 };

    #[test]
    fn a_fee_is_enough_for_twice_the_base_and_never_above_the_limit() {
        assert_eq!(FEES.now(100, None), Some((205, 5)));
        assert_eq!(FEES.now(100, Some(50)), Some((250, 50)));
        assert_eq!(FEES.now(600, Some(50)), Some((1_000, 50)));
        assert_eq!(FEES.now(999, Some(50)), Some((1_000, 1)));
        assert_eq!(FEES.now(0, Some(0)), Some((1, 1)), "also where gas is free");
        assert_eq!(FEES.now(1_000, None), None);
    }

    #[test]
    fn a_replacement_pays_a_tenth_more_at_least_until_the_limit() {
        let mut paid = (205, 5);
        let mut times = 0;
        while let Some(raised) = FEES.raised(paid.0, paid.1, (205, 5)) {
            assert!(raised.0 * 10 >= paid.0 * 11 && raised.1 * 10 >= paid.1 * 11);
            assert!(raised.0 <= FEES.most);
            paid = raised;
            times += 1;
        }
        assert!((10..20).contains(&times), "{times}");
        assert_eq!(
            FEES.raised(205, 5, (800, 9)),
            Some((800, 9)),
            "or what is asked now"
        );
    }
}
