//! A second implementation, written from `docs/eligibility.md`, with every part open to change.

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use carnet_eligibility::Request;
use curve25519_dalek::{RistrettoPoint, Scalar, ristretto::CompressedRistretto};
use ed25519_dalek::{Signer as _, SigningKey};
use merlin::Transcript;
use rand_core_for_bulletproofs::OsRng;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::stage::{FROM, Held, UNTIL, born};

pub(crate) const SUITE: &[u8] = b"carnet-eligibility-2026";

/// A field of what is signed: label and value.
pub(crate) type Field = (&'static str, Vec<u8>);
/// A message of the transcript: label and content.
pub(crate) type Entry = (&'static [u8], Vec<u8>);

pub(crate) fn number(number: u32) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

pub(crate) fn encoded(fields: &[Field]) -> Vec<u8> {
    let mut bytes = SUITE.to_vec();
    for (label, value) in fields {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
        bytes.extend(number(u32::try_from(value.len()).unwrap()));
        bytes.extend(value);
    }
    bytes
}

pub(crate) fn transcript(entries: &[Entry]) -> Transcript {
    let mut transcript = Transcript::new(b"carnet-eligibility-2026");
    for (label, content) in entries {
        transcript.append_message(label, content);
    }
    transcript
}

fn text(value: &Value, name: &str) -> Vec<u8> {
    value[name].as_str().unwrap().into()
}

fn whole(value: &Value, name: &str) -> Vec<u8> {
    number(u32::try_from(value[name].as_u64().unwrap()).unwrap())
}

/// A kind's fields, from the statement's JSON.
pub(crate) fn kind_fields(statement: &Value) -> Vec<Field> {
    let schema = |name: &str, bits| {
        let schema = format!("urn:carnet:eligibility:{name}:1");
        vec![("schema", schema.into_bytes()), ("bits", number(bits))]
    };
    match statement["statement"].as_str().unwrap() {
        "age-at-least" | "age-between" => schema("birth-date", 16),
        "cover-active-on" => schema("cover", 16),
        "income-below" => [
            schema("income", 32),
            vec![("currency", text(statement, "currency"))],
        ]
        .concat(),
        "lab-in-range" => [
            schema("lab", 32),
            vec![
                ("loinc", text(statement, "loinc")),
                ("unit", text(statement, "unit")),
                ("scale", whole(statement, "scale")),
            ],
        ]
        .concat(),
        _ => [
            schema("code", 16),
            vec![("list", hex(statement["list"].as_str().unwrap()))],
        ]
        .concat(),
    }
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

/// A statement's fields, from its JSON.
pub(crate) fn statement_fields(statement: &Value) -> Vec<Field> {
    let name = text(statement, "statement");
    let numbers: Vec<Field> = match statement["statement"].as_str().unwrap() {
        "age-at-least" => vec![("years", whole(statement, "years"))],
        "age-between" => vec![("from", whole(statement, "from")), ("to", whole(statement, "to"))],
        "cover-active-on" => vec![("day", number(born(statement["day"].as_str().unwrap())[0]))],
        "income-below" => vec![("amount", whole(statement, "amount"))],
        "lab-in-range" => vec![
            ("low", whole(statement, "low")),
            ("high", whole(statement, "high")),
            ("max-age-days", whole(statement, "max_age_days")),
        ],
        "code-in" => vec![
            ("first", whole(statement, "first")),
            ("last", whole(statement, "last")),
        ],
        _ => {
            let places = statement["places"].as_array().unwrap().iter();
            let place = |place: &Value| number(u32::try_from(place.as_u64().unwrap()).unwrap());
            places.map(|value| ("place", place(value))).collect()
        }
    };
    let mut fields = vec![("purpose", b"statement".to_vec()), ("name", name)];
    fields.extend(numbers);
    fields.extend(kind_fields(statement));
    fields
}

/// A bound: which value, `at-least` or `at-most`, and the limit.
pub(crate) type Bound = (u64, &'static [u8], u64);

/// A presentation in the making, every part of which can be changed before it is made.
#[derive(Clone)]
pub(crate) struct ByHand {
    pub(crate) issuer: [u8; 32],
    pub(crate) holder: SigningKey,
    pub(crate) copy: Vec<Field>,
    pub(crate) issuer_signature: [u8; 64],
    /// Audience, nonce, statement and as-of.
    pub(crate) asked: Vec<Entry>,
    pub(crate) bits: u64,
    pub(crate) bounds: Vec<Bound>,
    /// Value and blinding of each commitment.
    pub(crate) secrets: Vec<(u32, Scalar)>,
    pub(crate) generators: PedersenGens,
}

impl ByHand {
    /// As an honest holder would make it.
    pub(crate) fn of(request: &Request, held: &Held, bounds: &[Bound]) -> Self {
        let statement = json!(request.statement);
        let opening = held.opening.to_bytes();
        let count = opening.len() / 36;
        let secret = |place: usize| {
            let value = &opening[4 * place..][..4];
            let blinding = &opening[4 * count + 32 * place..][..32];
            (
                u32::from_be_bytes(value.try_into().unwrap()),
                Scalar::from_canonical_bytes(blinding.try_into().unwrap()).unwrap(),
            )
        };
        let kind = kind_fields(&statement);
        let bits = u32::from_be_bytes(kind[1].1[..].try_into().unwrap());
        let mut copy: Vec<Field> = vec![
            ("purpose", b"copy".to_vec()),
            ("generators", b"bulletproofs-5/ristretto255/1".to_vec()),
            ("issuer", held.copy.issuer.to_bytes().to_vec()),
            ("holder", held.holder.verifying_key().to_bytes().to_vec()),
        ];
        copy.extend(kind);
        copy.extend([("from", number(born(FROM)[0])), ("until", number(born(UNTIL)[0]))]);
        let commitments = held.copy.commitments.iter();
        copy.extend(commitments.map(|commitment| ("commitment", commitment.to_bytes().to_vec())));
        let nonce = json!(request.nonce);
        Self {
            issuer: held.copy.issuer.to_bytes(),
            holder: held.holder.clone(),
            copy,
            issuer_signature: held.copy.signature.to_bytes(),
            asked: vec![
                (b"audience", request.audience.clone().into_bytes()),
                (b"nonce", hex(nonce.as_str().unwrap())),
                (b"statement", encoded(&statement_fields(&statement))),
                (b"as-of", u64::from(request.as_of.number()).to_le_bytes().to_vec()),
            ],
            bits: u64::from(bits),
            bounds: bounds.to_vec(),
            secrets: (0..count).map(secret).collect(),
            generators: PedersenGens::default(),
        }
    }

    pub(crate) fn field(&mut self, label: &str) -> &mut Vec<u8> {
        &mut self.copy.iter_mut().find(|field| field.0 == label).unwrap().1
    }

    /// The issuer signs the copy as it now stands.
    pub(crate) fn signed_by(mut self, issuer: &SigningKey) -> Self {
        self.issuer_signature = issuer.sign(&encoded(&self.copy)).to_bytes();
        self
    }

    /// The transcript up to the issuer's signature.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = vec![(b"purpose", b"present".to_vec())];
        entries.extend(self.asked.clone());
        entries.push((b"copy", encoded(&self.copy)));
        entries.push((b"issuer-signature", self.issuer_signature.to_vec()));
        entries
    }

    /// What follows for bounds.
    pub(crate) fn bound_entries(&self) -> Vec<Entry> {
        let number = |number: u64| number.to_le_bytes().to_vec();
        let mut entries: Vec<Entry> = vec![
            (b"bits", number(self.bits)),
            (b"ranges", number(self.bounds.len() as u64)),
        ];
        for (value, direction, bound) in &self.bounds {
            entries.push((b"value", number(*value)));
            entries.push((b"direction", direction.to_vec()));
            entries.push((b"bound", number(*bound)));
        }
        entries
    }

    /// Distances and their blindings; those below zero wrap around, as a dishonest prover's would.
    pub(crate) fn distances(&self) -> (Vec<u64>, Vec<Scalar>) {
        let distance = |(value, direction, bound): &Bound| {
            let (secret, blinding) = self.secrets[usize::try_from(*value).unwrap()];
            if *direction == b"at-least" {
                (u64::from(secret).wrapping_sub(*bound), blinding)
            } else {
                (bound.wrapping_sub(u64::from(secret)), -blinding)
            }
        };
        let (mut distances, mut blindings): (Vec<_>, Vec<_>) = self.bounds.iter().map(distance).unzip();
        while !distances.len().is_power_of_two() {
            distances.push(*distances.last().unwrap());
            blindings.push(*blindings.last().unwrap());
        }
        (distances, blindings)
    }

    /// A range proof in a transcript of these entries.
    pub(crate) fn proof_in(&self, entries: &[Entry]) -> Vec<u8> {
        let (distances, blindings) = self.distances();
        RangeProof::prove_multiple_with_rng(
            &vectors(),
            &self.generators,
            &mut transcript(entries),
            &distances,
            &blindings,
            usize::try_from(self.bits).unwrap(),
            &mut OsRng,
        )
        .unwrap()
        .0
        .to_bytes()
    }

    /// The proof in the transcript as it stands.
    pub(crate) fn proof(&self) -> Vec<u8> {
        self.proof_in(&[self.entries(), self.bound_entries()].concat())
    }

    /// The holder's signature of a transcript with this proof.
    pub(crate) fn holder_signature(&self, entries: &[Entry], proof: &[u8]) -> [u8; 64] {
        let mut transcript = transcript(entries);
        transcript.append_message(b"proof", proof);
        let mut challenge = [0; 64];
        transcript.challenge_bytes(b"holder", &mut challenge);
        let fields: [Field; 2] = [
            ("purpose", b"holder".to_vec()),
            ("transcript", challenge.to_vec()),
        ];
        self.holder.sign(&encoded(&fields)).to_bytes()
    }

    /// The bytes, with this proof, signed by the holder.
    pub(crate) fn with(&self, proof: &[u8]) -> Vec<u8> {
        self.assembled(proof, &self.holder_signature(&self.entries(), proof))
    }

    /// The bytes.
    pub(crate) fn made(&self) -> Vec<u8> {
        self.with(&self.proof())
    }

    pub(crate) fn assembled(&self, proof: &[u8], holder_signature: &[u8; 64]) -> Vec<u8> {
        let field = |label: &str| {
            let fields = self.copy.iter().filter(|field| field.0 == label);
            fields.flat_map(|field| field.1.clone()).collect::<Vec<u8>>()
        };
        [
            &[1][..],
            &Sha256::digest(self.issuer)[..8],
            &field("holder"),
            &field("from")[2..],
            &field("until")[2..],
            &field("commitment"),
            &self.issuer_signature,
            proof,
            holder_signature,
        ]
        .concat()
    }

    /// Whether the `bulletproofs` crate takes this proof.
    pub(crate) fn crate_takes(&self, proof: &[u8]) -> bool {
        let commitments: Vec<&Field> = self.copy.iter().filter(|field| field.0 == "commitment").collect();
        let commitment = |(value, direction, bound): &Bound| {
            let bytes: [u8; 32] = commitments[usize::try_from(*value).unwrap()].1[..]
                .try_into()
                .unwrap();
            let distance =
                CompressedRistretto(bytes).decompress().unwrap() - Scalar::from(*bound) * self.generators.B;
            let right: RistrettoPoint = if *direction == b"at-least" {
                distance
            } else {
                -distance
            };
            right.compress()
        };
        let mut shifted: Vec<_> = self.bounds.iter().map(commitment).collect();
        while !shifted.len().is_power_of_two() {
            shifted.push(*shifted.last().unwrap());
        }
        RangeProof::from_bytes(proof).is_ok_and(|proof| {
            proof
                .verify_multiple_with_rng(
                    &vectors(),
                    &self.generators,
                    &mut transcript(&[self.entries(), self.bound_entries()].concat()),
                    &shifted,
                    usize::try_from(self.bits).unwrap(),
                    &mut OsRng,
                )
                .is_ok()
        })
    }
}

fn vectors() -> BulletproofGens {
    BulletproofGens::new(32, 4)
}

/// Where the parts of an answer of 16 bits, one bound and one value begin.
pub(crate) mod at {
    pub(crate) const HOLDER: usize = 9;
    pub(crate) const FROM: usize = 41;
    pub(crate) const COMMITMENT: usize = 45;
    pub(crate) const ISSUER_SIGNATURE: usize = 77;
    pub(crate) const PROOF: usize = 141;
    pub(crate) const HOLDER_SIGNATURE: usize = 749 - 64;
}

/// The bound of [`crate::stage::senior`]: born on this day or before.
pub(crate) fn senior_bound() -> Bound {
    (0, b"at-most", u64::from(born("1961-03-01")[0]))
}
