//! Checking proofs (VC Data Integrity 1.0, sections 4.5 and 4.6; the suites' own "hashing" sections).

use std::cell::OnceCell;

use carnet_did_resolver::proof::begins_with;
use serde_json::{Map, Value};

use super::{
    DataIntegrityError, MAX_PROOFS, Proof, Suite, check_plain, jsonld, rdf::Quad, rdfc, suite::Hash,
};
use crate::{jwk::PublicKey, signature};

/// A document with its proofs, taken apart.
#[derive(Debug)]
pub struct Secured {
    document: Map<String, Value>,
    raw: Vec<Value>,
    proofs: Vec<Proof>,
    statements: OnceCell<Vec<Quad>>,
}

impl Secured {
    /// Takes a document apart. Nothing is checked yet but its form.
    pub fn read(document: &Map<String, Value>) -> Result<Self, DataIntegrityError> {
        check_plain(document)?;
        let mut document = document.clone();
        let raw = match document.remove("proof") {
            Some(Value::Array(proofs)) => proofs,
            Some(proof) => vec![proof],
            None => return Err(DataIntegrityError::NoProof),
        };
        if raw.is_empty() {
            return Err(DataIntegrityError::NoProof);
        }
        if raw.len() > MAX_PROOFS {
            return Err(DataIntegrityError::TooManyProofs);
        }
        let proofs: Vec<Proof> = raw.iter().map(Proof::read).collect::<Result<_, _>>()?;
        for (i, proof) in proofs.iter().enumerate() {
            if proof.id.is_some() && proofs[..i].iter().any(|other| other.id == proof.id) {
                return Err(DataIntegrityError::ProofMalformed);
            }
        }
        Ok(Self {
            document,
            raw,
            proofs,
            statements: OnceCell::new(),
        })
    }

    /// The proofs, in the document's order.
    pub fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    /// The document without its proofs.
    pub fn document(&self) -> &Map<String, Value> {
        &self.document
    }

    /// Whether this one of [`Self::proofs`] is by `key` over the document and over the proofs that it builds on. Those
    /// have to be checked as well, each with its own key.
    pub fn verify(&self, proof: &Proof, key: &PublicKey) -> Result<(), DataIntegrityError> {
        let hash = proof.suite.hash(key).ok_or(DataIntegrityError::WrongKey)?;
        if !proof.previous.is_empty() {
            let chained = self.with_previous(proof)?;
            let message = message(&chained, &OnceCell::new(), &proof.options, proof.suite, hash)?;
            return matches(key, &message, &proof.signature);
        }
        let message = message(
            &self.document,
            &self.statements,
            &proof.options,
            proof.suite,
            hash,
        )?;
        matches(key, &message, &proof.signature)
    }

    /// The document with the proofs that this one builds on (section 4.3, step 4 and on).
    fn with_previous(&self, proof: &Proof) -> Result<Map<String, Value>, DataIntegrityError> {
        let mut previous = Vec::new();
        for id in &proof.previous {
            let (raw, _) = self
                .raw
                .iter()
                .zip(&self.proofs)
                .find(|(_, other)| other.id.as_ref() == Some(id) && other.id != proof.id)
                .ok_or(DataIntegrityError::PreviousMissing)?;
            previous.push(raw.clone());
        }
        let mut document = self.document.clone();
        document.insert("proof".into(), Value::Array(previous));
        Ok(document)
    }
}

fn matches(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), DataIntegrityError> {
    if signature::verifies(key, message, signature) {
        Ok(())
    } else {
        Err(DataIntegrityError::BadSignature)
    }
}

/// What is signed: the hash of the proof's options, then the hash of the document.
pub(super) fn message(
    document: &Map<String, Value>,
    statements: &OnceCell<Vec<Quad>>,
    options: &Map<String, Value>,
    suite: Suite,
    hash: Hash,
) -> Result<Vec<u8>, DataIntegrityError> {
    if let Some(own) = options.get("@context")
        && !begins_with(document.get("@context"), own)
    {
        return Err(DataIntegrityError::ContextMismatch);
    }
    let (options, document) = if suite.signs_json() {
        // A proof with contexts of its own is about those (EdDSA section 3.3.2, step 3).
        let document = match options.get("@context") {
            Some(own) if document.get("@context") != Some(own) => {
                let mut document = document.clone();
                document.insert("@context".into(), own.clone());
                jcs(&document)?
            }
            _ => jcs(document)?,
        };
        (jcs(options)?, document)
    } else {
        let mut options = options.clone();
        if let Some(context) = document.get("@context") {
            options.insert("@context".into(), context.clone());
        }
        let options = rdfc::canonicalize(&jsonld::statements(&options)?, hash)?;
        let statements = if let Some(statements) = statements.get() {
            statements
        } else {
            let found = jsonld::statements(document)?;
            statements.get_or_init(|| found)
        };
        (
            options.into_bytes(),
            rdfc::canonicalize(statements, hash)?.into_bytes(),
        )
    };
    Ok([hash.digest(&options), hash.digest(&document)].concat())
}

/// RFC 8785.
fn jcs(object: &Map<String, Value>) -> Result<Vec<u8>, DataIntegrityError> {
    serde_json_canonicalizer::to_vec(object).map_err(|_| DataIntegrityError::NotLinkedData)
}
