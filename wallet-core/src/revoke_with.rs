//! Taking a consent back with a slip: no vault, no passphrase, any computer.

use carnet_consent::{GrantId, LedgerStatus};
use carnet_exchange::{
    answer::GrantTuple,
    limits::REPLY_BYTES,
    media,
    registry::{GrantStatus, RevocationProof, RevocationReply, RevocationRequest},
    slip::{Slip, SlipError},
    trust::verify_first,
};
use carnet_fetch::{Client, FetchError, Limits, Pin};
use carnet_ledger::{Address, Domain, Grant, grant_id, revoke_hash};
use carnet_qr::PictureError;
use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    Clock, Described, Facts, TalkError, TrustError, Wallet,
    activity::to_the_second,
    talk::{Reply, below, pins},
    views::SlipUsedView,
};

/// How a slip begins, in any form.
const BEGINNING: &[u8] = b"carnet:slip?";
/// Larger texts are no slip.
const LONGEST_TEXT: usize = 4_096;

/// Why a slip did not end the consent, as far as is known.
#[derive(Debug, Error)]
pub enum RevokeWithError {
    #[error("No slip can be read there: {0} Nothing was sent.")]
    Picture(#[from] PictureError),
    #[error("No slip can be read there: there is no text of one in this document. Nothing was sent.")]
    NoSlipInPdf,
    #[error("The slip was not used: {0}.")]
    Slip(#[from] SlipError),
    #[error(transparent)]
    List(#[from] TrustError),
    #[error("That address can't be that of a registry. Nothing was sent.")]
    BadAddress,
    #[error("The clinic's system could not be reached; the consent still stands. The slip stays good.")]
    Unreachable(#[source] TalkError),
    #[error("The slip was handed in, and the register has not confirmed it yet.")]
    NotFinal,
    #[error("The clinic's system did not take the slip; the consent still stands.")]
    Refused(#[source] TalkError),
    #[error("The slip was handed in, but the ledger could not be asked afterwards whether it counts.")]
    Unverified(#[source] TalkError),
    #[error("The slip was handed in, and the ledger still says that the consent stands.")]
    StillStands,
}

impl Described for RevokeWithError {
    fn facts(&self) -> Facts {
        const AGAIN: &str = "Try again at another time, or at any relayer of the same registry with --at URL. It does no harm.";
        match self {
            Self::Picture(error) => Facts::expected(
                error.code(),
                "Take the picture again, straight and in good light, or type the text under the code into a file.",
            ),
            Self::NoSlipInPdf => Facts::expected(
                "slip_not_in_document",
                "Take a picture of the code on the page, or copy the text under it into a file.",
            ),
            Self::Slip(error) => Facts::expected(error.code(), error.next()),
            Self::List(error) => error.facts(),
            Self::BadAddress => Facts::expected(
                "registry_bad_address",
                "Give the address as https://HOST/PATH, as it stands in the list of organisations.",
            ),
            Self::Unreachable(error) if error.is_temporary() => Facts {
                next: AGAIN,
                ..error.facts()
            },
            Self::Unreachable(error) => Facts {
                next: "Tell the clinic that its system has another key than when the slip was made, or use --at URL with \
                       --trust and the newest list of organisations.",
                ..error.facts()
            },
            Self::NotFinal => Facts::expected(
                "not_final",
                "Use the slip again in a few minutes, until it is confirmed. It does no harm.",
            ),
            Self::Refused(_) => Facts::unexpected("slip_refused", AGAIN),
            Self::Unverified(_) => Facts::expected("slip_unverified", AGAIN),
            Self::StillStands => Facts::critical(
                "slip_not_on_ledger",
                "Tell the clinic, and try another relayer with --at URL.",
            ),
        }
    }
}

impl Wallet {
    /// Ends the consent of a slip: `slip` is its text, a picture of its code (PNG, JPEG) or the PDF as it was made. It goes to
    /// the slip's own registry under the slip's pin, or to `at`: then the key is that of `list`, a signed list of
    /// organisations, or the slip's. Done again, it says the same.
    pub async fn revoke_with(
        slip: &[u8],
        at: Option<&str>,
        list: Option<&[u8]>,
        clock: &Clock,
    ) -> Result<SlipUsedView, RevokeWithError> {
        let slip = Slip::parse(&text_of(slip)?, |slip| GrantId(named(slip)))?;
        let id = GrantId(named(&slip));
        let endpoint = match at {
            Some(address) => address.parse().map_err(|_| RevokeWithError::BadAddress)?,
            None => slip.endpoint.clone(),
        };
        let client = client(&slip, &endpoint, list, clock)?;
        let registry = Registry {
            client,
            endpoint,
            clock,
        };
        let before = registry.status(&slip, &id).await;
        let already = matches!(&before, Ok(status) if status.status == LedgerStatus::Revoked);
        let handed_in = if already {
            Ok(())
        } else {
            registry.hand_in(&slip).await
        };
        match handed_in {
            Ok(()) => {}
            Err(TalkError::NotFinal) => return Err(RevokeWithError::NotFinal),
            Err(error) if error.nothing_left() || error.is_temporary() => {
                return Err(RevokeWithError::Unreachable(error));
            }
            Err(error) => return Err(RevokeWithError::Refused(error)),
        }
        let after = registry
            .status(&slip, &id)
            .await
            .map_err(RevokeWithError::Unverified)?;
        if after.status != LedgerStatus::Revoked {
            return Err(RevokeWithError::StillStands);
        }
        Ok(SlipUsedView {
            grant_id: id.to_string(),
            place: registry.endpoint.authority().to_owned(),
            status: "revoked".to_owned(),
            as_of: moment(after.as_of),
            already,
            end: moment(slip.expiry),
        })
    }
}

/// One registry, asked and told.
struct Registry<'a> {
    client: Client,
    endpoint: Url,
    clock: &'a Clock,
}

impl Registry<'_> {
    async fn status(&self, slip: &Slip, id: &GrantId) -> Result<GrantStatus, TalkError> {
        let url = below(&self.endpoint, &["grants", &id.to_string()])?;
        let response = self.client.get(&url, Limits::bytes(REPLY_BYTES)).await?;
        let body = Reply::of(response)?.json()?;
        GrantStatus::read(&body, id, &slip.ledger(), self.clock.now()).map_err(|_| TalkError::Unreadable)
    }

    async fn hand_in(&self, slip: &Slip) -> Result<(), TalkError> {
        let request = RevocationRequest {
            grant: GrantTuple {
                subject: slip.subject,
                commitment: slip.commitment,
                not_before: slip.not_before,
                expiry: slip.expiry,
                revoke_hash: revoke_hash(&slip.secret),
            },
            proof: RevocationProof::Secret(*slip.secret),
        };
        let body = serde_json::to_vec(&request).map_err(|_| TalkError::Unreadable)?;
        let url = below(&self.endpoint, &["revocations"])?;
        let limits = Limits::bytes(REPLY_BYTES);
        let response = self.client.post(&url, media::JSON, body, limits).await?;
        RevocationReply::read(&Reply::of(response)?.json()?)
            .map(|_| ())
            .map_err(|_| TalkError::Unreadable)
    }
}

/// Reaches this endpoint only: by the key that the list pins for it, or by the slip's.
fn client(
    slip: &Slip,
    endpoint: &Url,
    list: Option<&[u8]>,
    clock: &Clock,
) -> Result<Client, RevokeWithError> {
    let mut pinned = Vec::new();
    if let Some(list) = list {
        let text = String::from_utf8_lossy(list);
        let (list, _) = verify_first(text.trim(), clock.now()).map_err(TrustError::Refused)?;
        pinned.extend(list.by_origin(endpoint).map(pins).unwrap_or_default());
    }
    if pinned.is_empty() {
        pinned.push(Pin {
            origin: endpoint.origin().ascii_serialization(),
            spki_sha256: slip.spki_sha256,
            local: true,
        });
    }
    let client = Client::new(pinned).map_err(|error| RevokeWithError::Unreachable(error.into()))?;
    client.check(endpoint).map_err(|error| match error {
        FetchError::Setup => RevokeWithError::Unreachable(error.into()),
        _ => RevokeWithError::BadAddress,
    })?;
    Ok(client)
}

/// The slip's text, whatever it came in.
fn text_of(given: &[u8]) -> Result<Zeroizing<String>, RevokeWithError> {
    if given.starts_with(b"%PDF-") {
        let begin = given
            .windows(BEGINNING.len())
            .position(|window| window == BEGINNING)
            .ok_or(RevokeWithError::NoSlipInPdf)?;
        let text = given[begin..].iter().take(LONGEST_TEXT);
        let text = text.take_while(|byte| byte.is_ascii_graphic() && !b"()<>\\".contains(byte));
        return Ok(Zeroizing::new(text.map(|byte| char::from(*byte)).collect()));
    }
    if given.len() <= LONGEST_TEXT
        && let Ok(text) = str::from_utf8(given)
    {
        return Ok(Zeroizing::new(text.to_owned()));
    }
    let texts = carnet_qr::read(given)?;
    let slip = texts
        .into_iter()
        .find(|text| text.as_bytes().starts_with(BEGINNING));
    slip.map(Zeroizing::new)
        .ok_or(RevokeWithError::Slip(SlipError::NotASlip))
}

/// The ledger's name of the slip's grant.
fn named(slip: &Slip) -> [u8; 32] {
    let domain = Domain {
        chain_id: slip.chain_id,
        registry: Address(slip.registry),
    };
    let grant = Grant {
        subject: Address(slip.subject),
        commitment: slip.commitment,
        not_before: slip.not_before,
        expiry: slip.expiry,
        revoke_hash: revoke_hash(&slip.secret),
    };
    grant_id(&domain, &grant)
}

fn moment(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(|| seconds.to_string(), to_the_second)
}
