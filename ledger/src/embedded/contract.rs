//! The committed contract, called in an EVM of the rules it was compiled for (London).

use alloy_sol_types::SolValue as _;
use revm::{
    Context, ExecuteEvm as _, MainBuilder as _, MainContext as _, SystemCallEvm as _,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, Output},
    },
    primitives::{Address as EvmAddress, TxKind, U256, hardfork::SpecId},
    state::EvmState,
};

use super::state::{State, StateError};
use crate::{
    Address, Anchor, LedgerError, MAX_PERIOD_SECONDS, Status,
    contract::{
        Operation, anchor_call, anchor_of, anchor_of_call, anchor_refusal, deployment, kind_of, refusal,
        status_call, status_of,
    },
};

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
/// Who deploys and who anchors: a label, no key. With nonce 0 it fixes the registry's address, the same in every installation.
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
    let transaction = TxEnv {
        caller: DEPLOYER,
        gas_limit: DEPLOYMENT_GAS,
        gas_price: 0,
        kind: TxKind::Create,
        data: deployment(MAX_PERIOD_SECONDS),
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
                [log] if log.topics().first().and_then(|topic| kind_of(topic)) == Some(operation.kind()) => {
                    Ok(Done {
                        grant_id,
                        changes: Some(done.state),
                    })
                }
                _ => Err(LedgerError::Damaged("the contract reported another operation")),
            }
        }
        ExecutionResult::Revert { output, .. } => Err(refusal(&output)),
        ExecutionResult::Halt { .. } => Err(LedgerError::Damaged("the contract stopped")),
    }
}

/// Who anchors here.
pub(super) fn sender() -> Address {
    Address(DEPLOYER.into_array())
}

/// Anchors a log; the changed state if this was not a repetition.
pub(super) fn anchor(
    state: &mut State<'_>,
    block: Block,
    log: &[u8; 32],
    size: u64,
    root: &[u8; 32],
) -> Result<Option<EvmState>, LedgerError> {
    let done = evm!(state, block)
        .system_call_with_caller(DEPLOYER, registry_evm_address(), anchor_call(log, size, root))
        .map_err(from_evm)?;
    match done.result {
        ExecutionResult::Success { logs, .. } => Ok((!logs.is_empty()).then_some(done.state)),
        ExecutionResult::Revert { output, .. } => Err(anchor_refusal(&output)),
        ExecutionResult::Halt { .. } => Err(LedgerError::Damaged("the contract stopped")),
    }
}

/// What a sender anchored of a log.
pub(super) fn anchored(
    state: &mut State<'_>,
    block: Block,
    log: &[u8; 32],
    by: Address,
) -> Result<Option<Anchor>, LedgerError> {
    let done = evm!(state, block)
        .system_call(registry_evm_address(), anchor_of_call(log, by))
        .map_err(from_evm)?;
    match &done.result {
        ExecutionResult::Success { output, .. } => anchor_of(log, by, output.data()),
        ExecutionResult::Revert { output, .. } => Err(anchor_refusal(output)),
        ExecutionResult::Halt { .. } => Err(LedgerError::Damaged("the contract stopped")),
    }
}

/// The status of a grant at the block's time.
pub(super) fn status(
    state: &mut State<'_>,
    block: Block,
    grant_id: &[u8; 32],
) -> Result<Status, LedgerError> {
    let done = evm!(state, block)
        .system_call(registry_evm_address(), status_call(grant_id))
        .map_err(from_evm)?;
    match &done.result {
        ExecutionResult::Success { output, .. } => status_of(output.data()),
        _ => Err(LedgerError::Damaged("the contract's answer is not a status")),
    }
}

fn registry_evm_address() -> EvmAddress {
    EvmAddress::new(registry_address().0)
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
