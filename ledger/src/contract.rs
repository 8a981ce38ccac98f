//! The committed contract as every engine speaks to it: what is called, what it answers, why it refuses.

use alloy_sol_types::{SolCall as _, SolConstructor as _, SolEvent as _, SolInterface as _, private::Bytes};

#[cfg(feature = "network")]
use crate::eip712::keccak;
use crate::{Address, Anchor, EventKind, Grant, LedgerError, Proof, Status};

mod abi {
    #![allow(
        missing_debug_implementations,
        unreachable_pub,
        clippy::pedantic,
        reason = "generated from the artefact"
    )]
    alloy_sol_types::sol!(ConsentRegistry, "contracts/artifact/ConsentRegistry.json");
}
pub(crate) use abi::ConsentRegistry as registry;
use registry::ConsentRegistryErrors;

/// What is asked of the contract.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Grant(Grant, [u8; 65]),
    Revoke(Grant, Proof),
}

impl Operation {
    pub(crate) fn grant(&self) -> &Grant {
        match self {
            Self::Grant(grant, _) | Self::Revoke(grant, _) => grant,
        }
    }

    pub(crate) fn kind(&self) -> EventKind {
        match self {
            Self::Grant(..) => EventKind::Granted,
            Self::Revoke(..) => EventKind::Revoked,
        }
    }

    pub(crate) fn call_data(&self) -> Bytes {
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

/// What makes a registry with this longest period, in seconds.
pub(crate) fn deployment(max_period: u64) -> Bytes {
    let arguments = registry::constructorCall {
        maxPeriod_: max_period,
    }
    .abi_encode();
    [registry::BYTECODE.as_ref(), &arguments].concat().into()
}

/// The question where a grant stands.
pub(crate) fn status_call(grant_id: &[u8; 32]) -> Bytes {
    registry::statusOfCall {
        grantId: grant_id.into(),
    }
    .abi_encode()
    .into()
}

/// The answer to [`status_call`].
pub(crate) fn status_of(output: &[u8]) -> Result<Status, LedgerError> {
    match registry::statusOfCall::abi_decode_returns_validate(output) {
        Ok(0) => Ok(Status::None),
        Ok(1) => Ok(Status::Pending),
        Ok(2) => Ok(Status::Active),
        Ok(3) => Ok(Status::Revoked),
        Ok(4) => Ok(Status::Expired),
        _ => Err(LedgerError::Damaged("the contract's answer is not a status")),
    }
}

/// What anchors a log.
pub(crate) fn anchor_call(log: &[u8; 32], size: u64, root: &[u8; 32]) -> Bytes {
    registry::anchorCall {
        log: log.into(),
        size,
        root: root.into(),
    }
    .abi_encode()
    .into()
}

/// The question what this sender anchored of a log.
pub(crate) fn anchor_of_call(log: &[u8; 32], by: Address) -> Bytes {
    registry::anchorOfCall {
        log: log.into(),
        by: by.0.into(),
    }
    .abi_encode()
    .into()
}

/// The answer to [`anchor_of_call`].
pub(crate) fn anchor_of(log: &[u8; 32], by: Address, output: &[u8]) -> Result<Option<Anchor>, LedgerError> {
    let said = registry::anchorOfCall::abi_decode_returns_validate(output)
        .map_err(|_| LedgerError::Damaged("the contract's answer is not an anchor"))?;
    Ok((said.size > 0).then_some(Anchor {
        log: *log,
        by,
        size: said.size,
        root: said.root.0,
    }))
}

/// The kind of operation that this event's first topic names.
pub(crate) fn kind_of(topic: &[u8; 32]) -> Option<EventKind> {
    if *topic == registry::Granted::SIGNATURE_HASH.0 {
        Some(EventKind::Granted)
    } else if *topic == registry::Revoked::SIGNATURE_HASH.0 {
        Some(EventKind::Revoked)
    } else {
        None
    }
}

/// Why the contract reverted when it was asked to anchor, or for an anchor. One that knows of none says nothing.
pub(crate) fn anchor_refusal(output: &[u8]) -> LedgerError {
    if output.is_empty() {
        LedgerError::NoAnchors
    } else {
        refusal(output)
    }
}

/// Why the contract reverted.
pub(crate) fn refusal(output: &[u8]) -> LedgerError {
    match ConsentRegistryErrors::abi_decode(output) {
        Ok(ConsentRegistryErrors::BadSignature(_)) => LedgerError::BadSignature,
        Ok(ConsentRegistryErrors::WrongSecret(_)) => LedgerError::WrongSecret,
        Ok(ConsentRegistryErrors::WindowEmpty(_)) => LedgerError::WindowEmpty,
        Ok(ConsentRegistryErrors::TooLong(_)) => LedgerError::TooLong,
        Ok(ConsentRegistryErrors::NotNow(_)) => LedgerError::NotNow,
        Ok(ConsentRegistryErrors::AlreadyRevoked(_)) => LedgerError::Revoked,
        Ok(ConsentRegistryErrors::WouldShrink(_)) => LedgerError::WouldShrink,
        Ok(ConsentRegistryErrors::OtherRoot(_)) => LedgerError::OtherRoot,
        Ok(ConsentRegistryErrors::LengthsDiffer(_) | ConsentRegistryErrors::BadMaximum(_)) | Err(_) => {
            LedgerError::Damaged("the contract gave an unknown reason")
        }
    }
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

/// The registry as it was made before logs could be anchored: length of its code, where its longest period stands in it, and
/// the code's Keccak-256 with zeros there. It keeps the same rules of grants, and is not left behind.
#[cfg(feature = "network")]
const WITHOUT_ANCHORS: (usize, [usize; 2], [u8; 32]) = (
    4_922,
    [240, 3_527],
    [
        0x50, 0x38, 0x9b, 0x21, 0x44, 0x3a, 0x49, 0x1f, 0x4b, 0xb2, 0xfc, 0x4a, 0x8d, 0xd5, 0x3f, 0x9e, 0xe8,
        0xa0, 0x4b, 0x48, 0x8a, 0xe3, 0xfd, 0xe5, 0x84, 0xc2, 0x0e, 0x9a, 0x00, 0x86, 0x1f, 0xf2,
    ],
);

/// Whether this is the code of a registry: the committed one or the one before it, whatever its longest period.
#[cfg(feature = "network")]
pub(crate) fn is_registry(code: &[u8]) -> bool {
    is_the_committed(code) || is_without_anchors(code)
}

#[cfg(feature = "network")]
fn is_without_anchors(code: &[u8]) -> bool {
    let (length, holes, hash) = WITHOUT_ANCHORS;
    if code.len() != length {
        return false;
    }
    let mut bare = code.to_vec();
    for hole in holes {
        bare[hole + 1..][..32].fill(0);
    }
    keccak(&[&bare]) == hash
}

#[cfg(feature = "network")]
fn is_the_committed(code: &[u8]) -> bool {
    /// Where the compiler leaves room for an immutable: `PUSH32` and 32 zeros.
    const HOLE: [u8; 33] = {
        let mut hole = [0; 33];
        hole[0] = 0x7f;
        hole
    };
    let template = registry::DEPLOYED_BYTECODE.as_ref();
    if code.len() != template.len() {
        return false;
    }
    let mut at = 0;
    while at < code.len() {
        if template[at..].starts_with(&HOLE) && code[at] == HOLE[0] {
            at += HOLE.len();
        } else if template[at] == code[at] {
            at += 1;
        } else {
            return false;
        }
    }
    true
}
