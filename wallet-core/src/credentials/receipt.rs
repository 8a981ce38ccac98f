//! The receipt of a consent. The patient signs it with the key that only this recipient knows them by.

use carnet_consent::{Consent, LEDGER_STATUS, RECEIPT_TYPE, Receipt, ReceiptFacts, WalletState};
use carnet_credentials::{
    contexts::{CONSENT_RECEIPT_V1, CREDENTIALS_V2},
    jwk::PublicKey,
    sd_jwt::{self, Issuance, IssueError},
    vc::VcError,
};
use carnet_exchange::{manage::read_kept_receipt, promise::read_kept};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::w3c;
use crate::{
    ConsentsError, Described, Facts, NoRandomness, Wallet,
    activity::{Entry, Happened},
    grant::named,
    kept::{Given, KeptConsent},
    random::make_bytes,
    vault::VaultError,
};

/// In which form a receipt is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptForm {
    /// A JSON file, the same as the recipient's.
    Json,
    /// Pages for printing, the same as the recipient's.
    Pdf,
    /// SD-JWT VC: what was granted, and to whom, can be withheld.
    SdJwt,
    /// W3C VC 2.0 as JWT.
    Vc,
}

impl ReceiptForm {
    /// The name that is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pdf => "pdf",
            Self::SdJwt => "sd-jwt",
            Self::Vc => "vc",
        }
    }

    /// The form of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Json, Self::Pdf, Self::SdJwt, Self::Vc]
            .into_iter()
            .find(|form| form.as_str() == name)
    }
}

/// A receipt, ready to be written down.
pub struct IssuedReceipt {
    /// The file's content; text but for PDF.
    pub bytes: Vec<u8>,
    /// Whose receipt it is.
    pub verifier: String,
}

impl std::fmt::Debug for IssuedReceipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedReceipt(…)")
    }
}

/// Why there is no receipt.
#[derive(Debug, Error)]
pub enum ReceiptError {
    #[error(transparent)]
    Consent(#[from] ConsentsError),
    #[error("There is nothing to give a receipt for: nothing was shared.")]
    NothingGiven,
    #[error("Your consent is still on its way. No receipt was made.")]
    NotYet,
    #[error("This consent was found by your 24 words alone; what was agreed is not known here.")]
    NotKnown,
    #[error("What is kept of this consent can't be read. No receipt was made.")]
    Unreadable,
    #[error("The receipt could not be signed: {0}.")]
    Issue(#[from] IssueError),
    #[error("The receipt could not be signed: {0}.")]
    Vc(#[from] VcError),
    #[error(transparent)]
    Paper(#[from] carnet_paper::PaperError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ReceiptError {
    fn facts(&self) -> Facts {
        match self {
            Self::Consent(error) => error.facts(),
            Self::NothingGiven => Facts::expected("nothing_shared", "You need do nothing."),
            Self::NotYet => Facts::expected("receipt_not_yet", "Wait until it is confirmed, and try again."),
            Self::NotKnown => {
                Facts::expected("receipt_not_known", "Ask the clinic for its copy of the receipt.")
            }
            Self::Unreadable => Facts::critical(
                "receipt_unreadable",
                "Ask the clinic for its copy of the receipt.",
            ),
            Self::Issue(error) => Facts::unexpected(error.code(), "Save it as JSON or PDF instead."),
            Self::Vc(error) => Facts::unexpected(error.code(), "Save it as JSON or PDF instead."),
            Self::Paper(error) => Facts::unexpected(error.code(), error.next()),
            Self::Randomness(_) => Facts::critical("no_randomness", "Restart this device and try again."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// The receipt of a consent that was given, in force or over. `id` as in [`Wallet::consent`].
    pub fn issue_receipt(&self, id: &str, form: ReceiptForm) -> Result<IssuedReceipt, ReceiptError> {
        let kept = self.find_consent(id)?;
        let now = self.clock.now();
        let receipt = receipt(&kept, now)?;
        let bytes = match form {
            ReceiptForm::Json => receipt.to_json(),
            ReceiptForm::Pdf => receipt.to_pdf()?,
            ReceiptForm::SdJwt => self.as_sd_jwt(&kept, &receipt, now)?.into_bytes(),
            ReceiptForm::Vc => {
                let key = self.vault.keys().derive_holder_key(&kept.verifier_id);
                let credential = as_vc(&receipt, &PublicKey::from(&key).did_jwk());
                let Value::Object(credential) = credential else {
                    return Err(ReceiptError::Unreadable);
                };
                w3c::sign(&credential, &key)?.into_bytes()
            }
        };
        let mut change = self.vault.change();
        Entry::new(now, Happened::CredentialIssued)
            .who(&kept.verifier)
            .put(&mut change);
        change.commit()?;
        Ok(IssuedReceipt {
            bytes,
            verifier: kept.verifier,
        })
    }

    fn as_sd_jwt(
        &self,
        kept: &KeptConsent,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<String, ReceiptError> {
        let key = self.vault.keys().derive_holder_key(&kept.verifier_id);
        let holder = PublicKey::from(&key);
        let Value::Object(mut claims) = receipt.to_value() else {
            return Err(ReceiptError::Unreadable);
        };
        claims.insert("iss".to_owned(), holder.did_jwk().into());
        claims.insert("vct".to_owned(), RECEIPT_TYPE.into());
        claims.insert("iat".to_owned(), now.as_second().into());
        claims.insert("nbf".to_owned(), receipt.given().as_second().into());
        claims.insert("status".to_owned(), json!({ (LEDGER_STATUS): receipt.status() }));
        let issuance = Issuance {
            claims,
            disclosable: &[
                ["consent_record", "pii_processing"].into(),
                ["consent_record", "party_identification"].into(),
            ],
            decoys: &[],
            salts: &[make_bytes()?, make_bytes()?],
            holder: &holder,
            header: Map::new(),
        };
        Ok(sd_jwt::issue(&issuance, &key)?)
    }
}

/// The receipt of what is kept, from what the recipient signed and this wallet verified.
fn receipt(kept: &KeptConsent, now: Timestamp) -> Result<Receipt, ReceiptError> {
    match kept.state_at(now) {
        WalletState::Granted | WalletState::Expired | WalletState::Revoking | WalletState::Revoked => {}
        WalletState::Sending => return Err(ReceiptError::NotYet),
        WalletState::Requested | WalletState::Denied | WalletState::Failed => {
            return Err(ReceiptError::NothingGiven);
        }
    }
    let given = kept.given.as_ref().ok_or(ReceiptError::NothingGiven)?;
    if given.consent.is_empty() {
        return Err(ReceiptError::NotKnown);
    }
    let consent: Consent = serde_json::from_str(&given.consent).map_err(|_| ReceiptError::Unreadable)?;
    let (grant_id, _) = named(given).ok_or(ReceiptError::Unreadable)?;
    let promised = given.promise.as_deref().ok_or(ReceiptError::NothingGiven)?;
    Ok(Receipt::of(&ReceiptFacts {
        consent: &consent,
        grant_id,
        recipient: &kept.verifier,
        given: recorded(promised)?,
        withdrawn: withdrawn(given)?,
        erased: erased(given)?,
    }))
}

fn withdrawn(given: &Given) -> Result<Option<Timestamp>, ReceiptError> {
    let back = given.taken_back.as_ref();
    back.and_then(|back| back.ledger.as_deref())
        .map(recorded)
        .transpose()
}

fn erased(given: &Given) -> Result<Option<Timestamp>, ReceiptError> {
    let back = given.taken_back.as_ref();
    let Some(receipt) = back.and_then(|back| back.receipt.as_deref()) else {
        return Ok(None);
    };
    let receipt = read_kept_receipt(receipt).map_err(|_| ReceiptError::Unreadable)?;
    time(receipt.time).map(Some)
}

fn recorded(promise: &str) -> Result<Timestamp, ReceiptError> {
    time(read_kept(promise).map_err(|_| ReceiptError::Unreadable)?.time)
}

fn time(seconds: u64) -> Result<Timestamp, ReceiptError> {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(ReceiptError::Unreadable)
}

/// The receipt as a W3C credential; in it, the receipt stays the JSON that both sides have.
fn as_vc(receipt: &Receipt, issuer: &str) -> Value {
    let status = receipt.status();
    json!({
        "@context": [CREDENTIALS_V2, CONSENT_RECEIPT_V1],
        "type": [w3c::TYPE, "ConsentReceipt"],
        "issuer": issuer,
        "validFrom": receipt.given().to_string(),
        "credentialSubject": { "id": issuer, "receipt": receipt.to_value() },
        "credentialStatus": {
            "type": "LedgerStatus",
            "statusPurpose": "revocation",
            "chainId": status.chain_id,
            "registry": status.registry,
            "grantId": status.grant_id,
        },
    })
}
