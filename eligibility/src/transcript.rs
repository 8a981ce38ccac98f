//! The transcript (merlin, STROBE): everything that a proof is bound to, in this order, each with its label and length.

use merlin::Transcript;

use crate::{Copy, Request, SUITE, bounds::Bound};

/// Everything but the bounds and the proof. `signed` are the bytes of the copy that its issuer signed.
pub(crate) fn begin(request: &Request, copy: &Copy, signed: &[u8]) -> Transcript {
    let mut transcript = Transcript::new(SUITE.as_bytes());
    transcript.append_message(b"purpose", b"present");
    transcript.append_message(b"audience", request.audience.as_bytes());
    transcript.append_message(b"nonce", &request.nonce.0.0);
    transcript.append_message(b"statement", &request.statement.bytes());
    transcript.append_u64(b"as-of", u64::from(request.as_of.number()));
    transcript.append_message(b"copy", signed);
    transcript.append_message(b"issuer-signature", &copy.signature.to_bytes());
    transcript
}

/// The bounds, before the range proof.
pub(crate) fn bounds(transcript: &mut Transcript, bounds: &[Bound], bits: u32) {
    transcript.append_u64(b"bits", u64::from(bits));
    transcript.append_u64(b"ranges", bounds.len() as u64);
    for bound in bounds {
        transcript.append_u64(b"value", bound.value as u64);
        transcript.append_message(b"direction", bound.direction());
        transcript.append_u64(b"bound", u64::from(bound.limit));
    }
}

/// What the holder signs, once the proof stands.
pub(crate) fn holder_message(mut transcript: Transcript, proof: &[u8]) -> Vec<u8> {
    transcript.append_message(b"proof", proof);
    let mut challenge = [0; 64];
    transcript.challenge_bytes(b"holder", &mut challenge);
    let mut fields = crate::fields::Fields::of("holder");
    fields.put("transcript", &challenge);
    fields.bytes()
}
