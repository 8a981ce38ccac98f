//! Who read what.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{GrantId, ReadingKind};
use carnet_exchange::{
    limits::{MANAGE_OPERATIONS, MANAGE_REPLY_BYTES, NAME_CHARS},
    manage::{self, ManageReply, ManageRequest, Op, OpResult, Read},
    media,
};
use carnet_fetch::Limits;
use thiserror::Error;
use url::Url;

use crate::{
    ConsentsError, Described, Facts, TalkError, Wallet,
    evidence::Reported,
    kept::{KeptConsent, KeptRead},
    random::make_bytes,
    talk::Talk,
    vault::VaultError,
    views::ReadView,
};

#[derive(Debug, Error)]
pub enum ReadsError {
    #[error(transparent)]
    Consent(#[from] ConsentsError),
    #[error("Nothing was shared under this consent, so nobody can have read anything.")]
    NothingShared,
    #[error("{0} What you see is what was known before.")]
    Talk(#[from] TalkError),
    #[error("The clinic does not know this consent.")]
    UnknownThere,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ReadsError {
    fn facts(&self) -> Facts {
        match self {
            Self::Consent(error) => error.facts(),
            Self::NothingShared => Facts::expected("nothing_shared", "You need do nothing."),
            Self::Talk(error) => error.facts(),
            Self::UnknownThere => {
                Facts::unexpected("unknown_at_clinic", "Tell the clinic, or take the consent back.")
            }
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Asks the clinic who read what, for all of its consents at once, so that it can't tell which one is looked at.
    /// What it reports is kept, and whether its log shows it.
    pub async fn reads(&self, id: &str) -> Result<Vec<ReadView>, ReadsError> {
        let wanted = self.find_consent(id)?;
        let given = wanted.given.as_ref().ok_or(ReadsError::NothingShared)?;
        let talk = self.talk()?;
        let same = |kept: &KeptConsent| {
            kept.verifier_id == wanted.verifier_id
                && kept
                    .given
                    .as_ref()
                    .is_some_and(|other| other.manage_uri == given.manage_uri && other.promise.is_some())
        };
        let consents: Vec<KeptConsent> = self.kept_consents()?.into_iter().filter(same).collect();
        let mut reported = Vec::new();
        for batch in consents.chunks(MANAGE_OPERATIONS) {
            let ids = batch
                .iter()
                .filter_map(|kept| kept.given.as_ref()?.grant_id.parse().ok());
            let ops: Vec<Op> = ids.map(|grant_id: GrantId| Op::Reads { grant_id }).collect();
            for result in self
                .manage(&talk, &wanted.verifier_id, &given.manage_uri, ops)
                .await?
            {
                let (grant_id, reads) = match result {
                    OpResult::Reads { grant_id, reads } => (grant_id, Some(reads)),
                    OpResult::Refused { grant_id, .. } => (grant_id, None),
                    OpResult::Revoked { .. } | OpResult::Receipt { .. } => continue,
                };
                let name = grant_id.to_string();
                let of = |kept: &&KeptConsent| kept.given.as_ref().is_some_and(|own| own.grant_id == name);
                reported.extend(batch.iter().find(of).map(|kept| Reported {
                    consent_id: kept.consent_id.clone(),
                    grant_id,
                    verifier: kept.verifier.clone(),
                    reads,
                }));
            }
        }
        let manage = Url::parse(&given.manage_uri).map_err(|_| TalkError::Unreadable)?;
        let party = talk.entry(&wanted.verifier_id)?;
        self.keep_readings(&talk, party, &manage, &reported).await?;
        let known = |one: &Reported| one.consent_id == wanted.consent_id && one.reads.is_some();
        if !reported.iter().any(known) {
            return Err(ReadsError::UnknownThere);
        }
        Ok(self.read_views(&wanted)?)
    }

    /// One signed batch of operations on consents of one station, and its results.
    pub(crate) async fn manage(
        &self,
        talk: &Talk,
        verifier_id: &str,
        manage_uri: &str,
        ops: Vec<Op>,
    ) -> Result<Vec<OpResult>, TalkError> {
        talk.entry(verifier_id)?;
        let url = Url::parse(manage_uri).map_err(|_| TalkError::Unreadable)?;
        let jti: [u8; 16] = make_bytes().map_err(|_| TalkError::Busy)?;
        let asked: Vec<GrantId> = ops.iter().map(|op| *op.grant_id()).collect();
        let request = ManageRequest {
            aud: manage_uri.to_owned(),
            iat: self.clock.now().as_second(),
            jti: URL_SAFE_NO_PAD.encode(jti),
            ops,
        };
        let key = self.vault.keys().derive_holder_key(verifier_id);
        let body = manage::sign(&request, &key).map_err(|_| TalkError::Unreadable)?;
        let reply = talk
            .post(
                &url,
                media::MANAGE,
                body.into_bytes(),
                Limits::bytes(MANAGE_REPLY_BYTES),
            )
            .await?;
        let results = ManageReply::read(&reply.json()?)
            .map_err(|_| TalkError::Unreadable)?
            .results;
        let in_order = results.iter().map(OpResult::grant_id).eq(asked.iter());
        if in_order {
            Ok(results)
        } else {
            Err(TalkError::Unreadable)
        }
    }
}

/// A reading as it is shown: the texts are the station's, so they are cut and cleaned.
pub(crate) fn shown(read: &Read) -> KeptRead {
    let what = match read.kind {
        ReadingKind::Read => read.what.join(", "),
        ReadingKind::Export => "export".to_owned(),
        ReadingKind::BreakGlass => {
            format!(
                "emergency access ({}): {}",
                read.reason.as_deref().unwrap_or("no reason given"),
                read.what.join(", ")
            )
        }
    };
    KeptRead {
        who: clean(&read.who, NAME_CHARS),
        when: read.when,
        what: clean(&what, NAME_CHARS),
        logged: None,
    }
}

/// A stranger's text, cut, without marks that turn or hide what is read.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|c| !hidden(*c)).take(most).collect()
}
