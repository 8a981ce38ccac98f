//! The committed contract, called in an EVM of the rules it was compiled for (London).

use std::{cell::Cell, fmt, sync::LazyLock};

use alloy_sol_types::SolValue as _;
use revm::{
    ExecuteEvm as _, SystemCallEvm as _,
    context::{
        ContextTr as _, Evm, FrameStack, TxEnv,
        result::{EVMError, ExecResultAndState, ExecutionResult, Output},
    },
    handler::{EthFrame, MainnetContext, instructions::EthInstructions},
    interpreter::interpreter::EthInterpreter,
    primitives::{Address as EvmAddress, Bytes, TxKind, U256, hardfork::SpecId},
    state::EvmState,
};

use super::{
    prepared::{Precompiles, Prepared},
    state::{State, StateError},
};
use crate::{
    Address, Anchor, LedgerError, MAX_PERIOD_SECONDS, Status,
    contract::{
        anchor_call, anchor_of, anchor_of_call, anchor_refusal, deployment, kind_of, refusal, status_call,
        status_of,
    },
    eip712::keccak,
};

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

/// Where the deployment puts the registry.
static REGISTRY: LazyLock<EvmAddress> = LazyLock::new(|| DEPLOYER.create(0));

pub(super) fn registry_address() -> Address {
    Address(REGISTRY.into_array())
}

/// Where the contract keeps what it knows of a grant: `entries`, its first variable (Solidity, "Layout of State Variables in
/// Storage", mappings).
pub(super) fn slot_of(grant_id: &[u8; 32]) -> [u8; 32] {
    keccak(&[grant_id, &[0; 32]])
}

/// Who anchors here.
pub(super) fn sender() -> Address {
    Address(DEPLOYER.into_array())
}

/// The EVM, with what it stands on.
type Engine<'a> = Evm<
    MainnetContext<State<'a>>,
    (),
    EthInstructions<EthInterpreter, MainnetContext<State<'a>>>,
    Precompiles,
    EthFrame<EthInterpreter>,
>;

thread_local! {
    /// The frame of this thread's last call, for the next one.
    static FRAMES: Cell<Option<FrameStack<EthFrame<EthInterpreter>>>> = const { Cell::new(None) };
}

/// The contract over a state, at one time, for any number of calls. A call changes nothing by itself: what it would change is
/// given to whoever called, who may put it into the state. After a failure of the state it must not be used again.
pub(super) struct Machine<'a>(Engine<'a>);

impl<'a> Machine<'a> {
    pub(super) fn over(state: State<'a>, block: Block) -> Self {
        let mut ctx = MainnetContext::new(state, SpecId::LONDON);
        ctx.cfg.chain_id = block.chain_id;
        ctx.block.timestamp = U256::from(block.time);
        // Put together by hand: the builder makes eight frames of 32 KiB each beforehand, which costs more than most calls,
        // and this contract needs one, which can be the last call's.
        Self(Evm {
            ctx,
            inspector: (),
            instruction: EthInstructions::new_mainnet_with_spec(SpecId::LONDON),
            precompiles: Precompiles::new(SpecId::LONDON),
            frame_stack: FRAMES.take().unwrap_or_default(),
        })
    }

    pub(super) fn state(&mut self) -> &mut State<'a> {
        self.0.db_mut()
    }

    /// What it stood on.
    pub(super) fn into_state(self) -> State<'a> {
        FRAMES.set(Some(self.0.frame_stack));
        self.0.ctx.journaled_state.database
    }

    /// The registry's code and first state.
    pub(super) fn deploy(&mut self) -> Result<EvmState, LedgerError> {
        let transaction = TxEnv {
            caller: DEPLOYER,
            gas_limit: DEPLOYMENT_GAS,
            gas_price: 0,
            kind: TxKind::Create,
            data: deployment(MAX_PERIOD_SECONDS),
            chain_id: Some(self.0.cfg.chain_id),
            ..TxEnv::default()
        };
        let done = self.0.transact(transaction).map_err(from_evm)?;
        match done.result {
            ExecutionResult::Success {
                output: Output::Create(_, Some(address)),
                ..
            } if address == *REGISTRY => Ok(done.state),
            _ => Err(LedgerError::Damaged("the contract was not deployed")),
        }
    }

    /// Runs an operation; the changed state if this was not a repetition.
    pub(super) fn run(
        &mut self,
        Prepared {
            operation,
            grant_id,
            call,
            recovery,
        }: &mut Prepared,
    ) -> Result<Option<EvmState>, LedgerError> {
        self.0.precompiles.know(recovery.take());
        let done = self.call(call.clone())?;
        match done.result {
            ExecutionResult::Success { logs, output, .. } => {
                if <[u8; 32]>::abi_decode(output.data()).ok() != Some(*grant_id) {
                    return Err(LedgerError::Damaged(
                        "contract and program name the grant differently",
                    ));
                }
                match logs.as_slice() {
                    [] => Ok(None),
                    [log]
                        if log.topics().first().and_then(|topic| kind_of(topic))
                            == Some(operation.kind()) =>
                    {
                        Ok(Some(done.state))
                    }
                    _ => Err(LedgerError::Damaged("the contract reported another operation")),
                }
            }
            ExecutionResult::Revert { output, .. } => Err(refusal(&output)),
            ExecutionResult::Halt { .. } => Err(STOPPED),
        }
    }

    /// Anchors a log; the changed state if this was not a repetition.
    pub(super) fn anchor(
        &mut self,
        log: &[u8; 32],
        size: u64,
        root: &[u8; 32],
    ) -> Result<Option<EvmState>, LedgerError> {
        let done = self
            .0
            .system_call_with_caller(DEPLOYER, *REGISTRY, anchor_call(log, size, root))
            .map_err(from_evm)?;
        match done.result {
            ExecutionResult::Success { logs, .. } => Ok((!logs.is_empty()).then_some(done.state)),
            ExecutionResult::Revert { output, .. } => Err(anchor_refusal(&output)),
            ExecutionResult::Halt { .. } => Err(STOPPED),
        }
    }

    /// What a sender anchored of a log.
    pub(super) fn anchored(&mut self, log: &[u8; 32], by: Address) -> Result<Option<Anchor>, LedgerError> {
        match &self.call(anchor_of_call(log, by))?.result {
            ExecutionResult::Success { output, .. } => anchor_of(log, by, output.data()),
            ExecutionResult::Revert { output, .. } => Err(anchor_refusal(output)),
            ExecutionResult::Halt { .. } => Err(STOPPED),
        }
    }

    /// The status of a grant at this time.
    pub(super) fn status(&mut self, grant_id: &[u8; 32]) -> Result<Status, LedgerError> {
        match &self.call(status_call(grant_id))?.result {
            ExecutionResult::Success { output, .. } => status_of(output.data()),
            _ => Err(LedgerError::Damaged("the contract's answer is not a status")),
        }
    }

    fn call(&mut self, data: Bytes) -> Result<ExecResultAndState<ExecutionResult>, LedgerError> {
        self.0.system_call(*REGISTRY, data).map_err(from_evm)
    }
}

impl fmt::Debug for Machine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

const STOPPED: LedgerError = LedgerError::Damaged("the contract stopped");

fn from_evm(error: EVMError<StateError>) -> LedgerError {
    match error {
        EVMError::Database(StateError::Store(source)) => LedgerError::Store(source),
        EVMError::Database(StateError::Damaged(what)) => LedgerError::Damaged(what),
        EVMError::Transaction(_) | EVMError::Header(_) | EVMError::Custom(_) | EVMError::CustomAny(_) => {
            LedgerError::Damaged("the contract could not be run")
        }
    }
}
