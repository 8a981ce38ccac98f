//! An operation before its turn. What needs no registry is worked out by whoever asks, so that several do it at once while the
//! registry itself goes one by one. To find out who signed is the largest part of what the contract costs.

use revm::{
    context::Cfg,
    context_interface::ContextTr,
    handler::{EthPrecompiles, PrecompileProvider, precompile_output_to_interpreter_result},
    interpreter::{CallInputs, InterpreterResult},
    precompile::{EthPrecompileOutput, PrecompileOutput, secp256k1::ec_recover_run},
    primitives::{Address, AddressSet, Bytes, hardfork::SpecId},
};

use crate::{Domain, Proof, contract::Operation, grant_id, revocation_digest};

/// `ecrecover` (Ethereum Yellow Paper, appendix E).
const ECRECOVER: Address = Address::with_last_byte(1);

/// An operation, and what was worked out about it.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) operation: Operation,
    pub(super) grant_id: [u8; 32],
    /// What the contract is called with.
    pub(super) call: Bytes,
    pub(super) recovery: Option<Recovery>,
}

impl Prepared {
    pub(super) fn new(domain: &Domain, operation: Operation) -> Self {
        let grant_id = grant_id(domain, operation.grant());
        let recovery = match &operation {
            Operation::Grant(_, signature) => Recovery::of(&grant_id, signature),
            Operation::Revoke(_, Proof::Signature(signature)) => {
                Recovery::of(&revocation_digest(domain, &grant_id), signature)
            }
            Operation::Revoke(_, Proof::Secret(_)) => None,
        };
        Self {
            call: operation.call_data(),
            operation,
            grant_id,
            recovery,
        }
    }
}

/// What `ecrecover` answers to one question, found with the EVM's own code.
#[derive(Clone, Debug)]
pub(super) struct Recovery {
    /// Digest, v, r, s; 32 bytes each.
    question: [u8; 128],
    answer: EthPrecompileOutput,
}

impl Recovery {
    /// The question that the contract will ask. If it asks another one, this counts for nothing.
    fn of(digest: &[u8; 32], signature: &[u8; 65]) -> Option<Self> {
        let mut question = [0; 128];
        question[..32].copy_from_slice(digest);
        question[63] = signature[64];
        question[64..].copy_from_slice(&signature[..64]);
        let answer = ec_recover_run(&question, u64::MAX).ok()?;
        Some(Self { question, answer })
    }
}

/// The EVM's precompiles, which need not work out again what is known.
#[derive(Clone, Debug)]
pub(super) struct Precompiles {
    all: EthPrecompiles,
    known: Option<Recovery>,
}

impl Precompiles {
    pub(super) fn new(spec: SpecId) -> Self {
        Self {
            all: EthPrecompiles::new(spec),
            known: None,
        }
    }

    pub(super) fn know(&mut self, recovery: Option<Recovery>) {
        self.known = recovery;
    }
}

impl<C: ContextTr<Cfg: Cfg<Spec = SpecId>>> PrecompileProvider<C> for Precompiles {
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: SpecId) -> bool {
        PrecompileProvider::<C>::set_spec(&mut self.all, spec)
    }

    fn run(&mut self, context: &mut C, inputs: &CallInputs) -> Result<Option<InterpreterResult>, String> {
        let is_known = |known: &&Recovery| {
            inputs.bytecode_address == ECRECOVER
                && inputs.gas_limit >= known.answer.gas_used
                && *inputs.input.as_bytes(context) == known.question[..]
        };
        if let Some(known) = self.known.as_ref().filter(is_known) {
            let output = PrecompileOutput::from_eth_result(Ok(known.answer.clone()), inputs.reservoir);
            return Ok(Some(precompile_output_to_interpreter_result(
                output,
                inputs.gas_limit,
            )));
        }
        self.all.run(context, inputs)
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.all.warm_addresses()
    }
}
