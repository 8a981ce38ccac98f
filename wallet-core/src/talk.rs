//! Talking to the parties of the trust list, and to nobody else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_exchange::{Entry, TrustList, media, refusal::Refusal};
use carnet_fetch::{Client, FetchError, Limits, Pin, Response};
use thiserror::Error;
use url::Url;

use crate::{Described, Facts, TrustError, Wallet};

/// Why a conversation came to nothing.
#[derive(Debug, Error)]
pub enum TalkError {
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("This organisation is no longer on your list.")]
    Unlisted,
    #[error("{0}")]
    Fetch(#[from] FetchError),
    #[error("The clinic says that this code was already answered.")]
    AlreadyAnswered,
    #[error("The clinic says that this code has expired.")]
    RequestExpired,
    #[error("The clinic does not know this code.")]
    RequestUnknown,
    #[error("The clinic refused (status {status}).")]
    Refused { status: u16 },
    #[error("The clinic can't answer at the moment.")]
    Busy,
    #[error("It is on its way to the register, which has not confirmed it yet.")]
    NotFinal,
    #[error("The clinic answered in a form that is not accepted.")]
    WrongContentType,
    #[error("The clinic's answer can't be read.")]
    Unreadable,
}

impl TalkError {
    /// Trying again later may help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_temporary(),
            Self::Busy | Self::NotFinal => true,
            _ => false,
        }
    }

    /// Nothing of what was to be sent has left this device.
    pub(crate) fn nothing_left(&self) -> bool {
        match self {
            Self::Trust(_) | Self::Unlisted => true,
            Self::Fetch(error) => !matches!(
                error,
                FetchError::Broken
                    | FetchError::TimedOut
                    | FetchError::Redirected
                    | FetchError::TooLarge
                    | FetchError::Compressed
            ),
            _ => false,
        }
    }
}

impl Described for TalkError {
    fn facts(&self) -> Facts {
        match self {
            Self::Trust(error) => error.facts(),
            Self::Unlisted => Facts::expected("clinic_not_listed", "Take the newest list of organisations."),
            Self::Fetch(error) if error.is_temporary() => Facts::expected(
                match error {
                    FetchError::TimedOut => "station_timed_out",
                    FetchError::Broken => "station_connection_broken",
                    _ => "station_unreachable",
                },
                "Check your connection, and ask the desk whether their system is running.",
            ),
            Self::Fetch(error) => Facts::critical(
                error.code(),
                "Tell the desk: their system does not answer as it should.",
            ),
            Self::AlreadyAnswered => Facts::expected("already_answered", "Ask the desk for a new code."),
            Self::RequestExpired => Facts::expected("request_expired", "Ask the desk for a new code."),
            Self::RequestUnknown => Facts::expected("request_unknown", "Ask the desk for a new code."),
            Self::Refused { .. } => Facts::unexpected("station_refused", "Ask the desk for a new code."),
            Self::Busy => Facts::expected("station_busy", "Try again in a moment."),
            Self::NotFinal => Facts::expected(
                "not_final",
                "You need do nothing: it is asked again until it is confirmed.",
            ),
            Self::WrongContentType => Facts::critical(
                "wrong_content_type",
                "Tell the desk: their system does not answer as it should.",
            ),
            Self::Unreadable => Facts::critical(
                "answer_unreadable",
                "Tell the desk: their system does not answer as it should.",
            ),
        }
    }
}

/// The list as held now, and a client that reaches its parties only.
#[derive(Debug, Clone)]
pub(crate) struct Talk {
    pub(crate) list: TrustList,
    client: Client,
    /// Origins that could not be reached, where a round of errands must not wait for each of them again and again.
    silent: Option<Arc<Mutex<HashMap<String, FetchError>>>>,
}

impl Wallet {
    pub(crate) fn talk(&self) -> Result<Talk, TalkError> {
        let (list, _) = self.held_list()?.ok_or(TrustError::None)?;
        let client = Client::new(list.entries.iter().flat_map(pins))?;
        Ok(Talk {
            list,
            client,
            silent: None,
        })
    }
}

/// SHA-256 of the key that the entry's servers must show.
pub(crate) fn pinned_key(entry: &Entry) -> Option<[u8; 32]> {
    let pin = entry.local.as_ref()?;
    URL_SAFE_NO_PAD
        .decode(&pin.spki_sha256)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
}

/// The pinned origins of an entry. One without a pinned key can't be reached: no public authority vouches for it here.
pub(crate) fn pins(entry: &Entry) -> Vec<Pin> {
    let Some(spki_sha256) = pinned_key(entry) else {
        return Vec::new();
    };
    entry
        .origins
        .iter()
        .map(|origin| Pin {
            origin: origin.clone(),
            spki_sha256,
            local: true,
        })
        .collect()
}

impl Talk {
    pub(crate) fn entry(&self, id: &str) -> Result<&Entry, TalkError> {
        self.list.by_id(id).ok_or(TalkError::Unlisted)
    }

    /// Who could not be reached once is not tried again by this value.
    pub(crate) fn impatient(self) -> Self {
        Self {
            silent: Some(Arc::default()),
            ..self
        }
    }

    pub(crate) async fn get(&self, url: &Url, limits: Limits) -> Result<Reply, TalkError> {
        self.not_silent(url)?;
        Reply::of(
            self.client
                .get(url, limits)
                .await
                .map_err(|error| self.note(url, error))?,
        )
    }

    pub(crate) async fn post(
        &self,
        url: &Url,
        content_type: &'static str,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Reply, TalkError> {
        self.not_silent(url)?;
        Reply::of(
            self.client
                .post(url, content_type, body, limits)
                .await
                .map_err(|error| self.note(url, error))?,
        )
    }

    /// What came back, whatever its status says: for those whose refusals have a form of their own.
    pub(crate) async fn ask(
        &self,
        url: &Url,
        content_type: &'static str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Response, TalkError> {
        self.not_silent(url)?;
        self.client
            .post_with(url, content_type, headers, body, limits)
            .await
            .map_err(|error| self.note(url, error).into())
    }

    fn not_silent(&self, url: &Url) -> Result<(), FetchError> {
        let Some(silent) = &self.silent else { return Ok(()) };
        let silent = silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent
            .get(&url.origin().ascii_serialization())
            .map_or(Ok(()), |error| Err(*error))
    }

    fn note(&self, url: &Url, error: FetchError) -> FetchError {
        if let Some(silent) = &self.silent
            && error.is_temporary()
        {
            let mut silent = silent.lock().unwrap_or_else(PoisonError::into_inner);
            silent.insert(url.origin().ascii_serialization(), error);
        }
        error
    }
}

/// A successful answer, not yet read.
#[derive(Debug)]
pub(crate) struct Reply(Response);

impl Reply {
    pub(crate) fn of(response: Response) -> Result<Self, TalkError> {
        match response.status {
            200..=299 => Ok(Self(response)),
            429 | 500..=599 => match Refusal::read(&response.body) {
                Some(refusal) if refusal.error.code == "not_final" => Err(TalkError::NotFinal),
                _ => Err(TalkError::Busy),
            },
            status => {
                let refusal = Refusal::read(&response.body);
                Err(
                    match (
                        status,
                        refusal.as_ref().map(|refusal| refusal.error.code.as_str()),
                    ) {
                        (410, Some("request_used")) => TalkError::AlreadyAnswered,
                        (410, _) => TalkError::RequestExpired,
                        (404, _) => TalkError::RequestUnknown,
                        _ => TalkError::Refused { status },
                    },
                )
            }
        }
    }

    /// There is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.status == 204 || self.0.body.is_empty()
    }

    /// The body, if it is of this media type.
    pub(crate) fn body(self, media_type: &str) -> Result<Vec<u8>, TalkError> {
        if media::is(&self.0.content_type, media_type) {
            Ok(self.0.body)
        } else {
            Err(TalkError::WrongContentType)
        }
    }

    pub(crate) fn json(self) -> Result<Vec<u8>, TalkError> {
        self.body(media::JSON)
    }
}

/// `endpoint` with two more path segments.
pub(crate) fn below(endpoint: &Url, segments: &[&str]) -> Result<Url, TalkError> {
    let mut url = endpoint.clone();
    url.path_segments_mut()
        .map_err(|()| TalkError::Unreadable)?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}
