//! Puts a new registry on a chain.

use std::future::Future;

use alloy_primitives::{B256, TxKind, U64};
use k256::ecdsa::SigningKey;
use serde_json::json;
use url::Url;

use super::{
    Patience,
    chain::{Chain, Finality},
    included::Receipt,
    node::Fault,
    relayer::{Fees, Relayer},
    runtime, wait_for,
};
use crate::{Address, Clock, LedgerError, contract};

/// Room for 1.1 million gas, also where code and call data are dearer.
const GAS: u64 = 4_000_000;

/// A registry that is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Where it stands.
    pub registry: Address,
    /// Since which block.
    pub block: u64,
}

/// Puts the committed contract on the chain, for periods of at most `max_period` seconds, paid by `key`, and waits until it is in
/// a block. Asked twice it makes two.
///
/// # Errors
/// [`LedgerError::Unreachable`] or [`LedgerError::Unpaid`]: nothing was made. [`LedgerError::NotDeployed`] if it takes longer
/// than `patience.operation` or no node can say any more: it may still be made.
pub fn deploy(
    nodes: &[Url],
    chain_id: u64,
    key: SigningKey,
    max_period: u64,
    fees: Fees,
    patience: Patience,
    clock: Clock,
) -> Result<Deployed, LedgerError> {
    let chain = Chain::new(nodes, None, chain_id, Finality::Depth(0), patience, clock)?;
    let relayer = Relayer::new(key, fees);
    let runtime = runtime()?;
    let done = wait_for(
        &runtime,
        deploying(chain, chain_id, relayer, max_period, patience),
    );
    runtime.shutdown_background();
    done
}

async fn deploying(
    chain: Chain,
    chain_id: u64,
    relayer: Relayer,
    max_period: u64,
    patience: Patience,
) -> Result<Deployed, LedgerError> {
    let count = &("eth_getTransactionCount", json!([relayer.address, "pending"]));
    let (view, nonce) = chain
        .with(|view| async move {
            let [nonce] = view.node.ask([count.clone()]).await?;
            Ok((view, nonce.get::<U64>()?))
        })
        .await?;
    let base = view.head.inner.base_fee_per_gas.unwrap_or(0).into();
    let fee = relayer.fees.now(base, None).ok_or(LedgerError::Unpaid)?;
    let code = contract::deployment(max_period);
    let (hash, raw) = relayer.signed(chain_id, nonce.to(), fee, GAS, TxKind::Create, &code)?;
    let may_come = |_| LedgerError::NotDeployed(hash.0);
    let sent = view.node.ask([("eth_sendRawTransaction", json!([raw]))]).await;
    let [sent] = sent.map_err(may_come)?;
    match sent.get::<B256>() {
        Err(fault) if fault.is_want_of_funds() => return Err(LedgerError::Unpaid),
        sent => drop(sent?),
    }
    let receipt = &("eth_getTransactionReceipt", json!([hash]));
    let included = until(patience, || async {
        chain
            .with(|view| async move {
                let [receipt] = view.node.ask([receipt.clone()]).await?;
                receipt.get::<Option<Receipt>>()
            })
            .await
    });
    let receipt = included.await.map_err(may_come)?;
    let receipt = receipt.ok_or(LedgerError::NotDeployed(hash.0))?;
    match receipt.contract_address {
        Some(registry) if receipt.has_succeeded() => Ok(Deployed {
            registry,
            block: receipt.block(),
        }),
        _ => Err(LedgerError::Damaged("the contract was not deployed")),
    }
}

/// Asks until there is something, or patience ends.
async fn until<T, F: Future<Output = Result<Option<T>, Fault>>>(
    patience: Patience,
    ask: impl Fn() -> F,
) -> Result<Option<T>, Fault> {
    let end = tokio::time::Instant::now() + patience.operation;
    let mut last = Ok(None);
    while tokio::time::Instant::now() < end {
        last = ask().await;
        if matches!(last, Ok(Some(_))) {
            return last;
        }
        tokio::time::sleep(patience.poll / 10).await;
    }
    last
}
