//! `GET /1.0/identifiers/{did}`: the HTTPS binding of W3C DID Resolution 1.0 (section 12.1).
//!
//! Anybody may ask, so this must not become a way to make the station talk to whomever a stranger names. Methods that
//! need nobody are always answered; did:web and did:webvh only for the origins of the trust list, unless the station
//! was started with `--resolve-anywhere`. Every asker has the public door's share of requests, and a host is asked once
//! for everybody.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use carnet_did_resolver::{
    Options, ResolveError, Resolver,
    resolution::{self, DOCUMENT_TYPE, RESULT_TYPE, Resolved},
    resolver::{Clock, Keeping},
};
use carnet_exchange::trust::TrustList;
use url::form_urlencoded;

use crate::{app::App, trust, web::web};

const PATH: &str = "/1.0/identifiers/";

struct Door {
    app: Arc<App>,
    /// The resolver for the list of that version; none where there is no list.
    resolver: Mutex<Option<(Option<u64>, Resolver)>>,
}

/// Routes of this door.
pub(super) fn router<S: Clone + Send + Sync + 'static>(app: Arc<App>) -> Router<S> {
    let door = Arc::new(Door {
        app,
        resolver: Mutex::new(None),
    });
    Router::new()
        .route("/1.0/identifiers/{*did}", get(identifier))
        .with_state(door)
}

async fn identifier(State(door): State<Arc<Door>>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(wanted) = Wanted::of(&headers) else {
        return answered(
            &Err(ResolveError::RepresentationNotSupported),
            &Wanted::Result(RESULT_TYPE),
        );
    };
    let resolved = match asked(uri.path(), uri.query()) {
        Ok((did, options)) => door.resolver().await.resolve(&did, &options).await,
        Err(error) => Err(error),
    };
    answered(&resolved, &wanted)
}

/// The DID and the options. A DID that is percent-encoded as a whole is decoded; else it stands there as it is, with
/// percent signs of its own.
fn asked(path: &str, query: Option<&str>) -> Result<(String, Options), ResolveError> {
    let raw = path.strip_prefix(PATH).ok_or(ResolveError::InvalidDid)?;
    let did = if raw.to_ascii_lowercase().starts_with("did%3a") {
        // The same rules as for a query, where a plus sign would mean a space.
        let encoded = format!("d={}", raw.replace('+', "%2B"));
        form_urlencoded::parse(encoded.as_bytes())
            .next()
            .map(|(_, did)| did.into_owned())
            .unwrap_or_default()
    } else {
        raw.to_owned()
    };
    let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
    let options = Options::from_pairs(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))?;
    Ok((did, options))
}

/// What the asker can read.
enum Wanted {
    /// The whole result, under this name.
    Result(&'static str),
    /// The document alone, under this name.
    Document(&'static str),
}

impl Wanted {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let Some(accept) = headers.get(header::ACCEPT) else {
            return Some(Self::Result(RESULT_TYPE));
        };
        accept.to_str().ok()?.split(',').find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next()?.to_ascii_lowercase();
            let parameters: Vec<&str> = parts.collect();
            if parameters
                .iter()
                .any(|p| matches!(*p, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            {
                return None;
            }
            let whole = parameters.iter().any(|p| p.contains("did-resolution"));
            match name.as_str() {
                "*/*" | "application/*" | RESULT_TYPE => Some(Self::Result(RESULT_TYPE)),
                "application/json" => Some(Self::Result("application/json")),
                "application/ld+json" if whole => Some(Self::Result(
                    "application/ld+json;profile=\"https://w3id.org/did-resolution\"",
                )),
                DOCUMENT_TYPE => Some(Self::Document(DOCUMENT_TYPE)),
                "application/did+json" => Some(Self::Document("application/did+json")),
                "application/did+ld+json" => Some(Self::Document("application/did+ld+json")),
                _ => None,
            }
        })
    }
}

fn answered(resolved: &Result<Resolved, ResolveError>, wanted: &Wanted) -> Response {
    let status = resolution::http_status(resolved);
    let (kind, body) = match (resolved, wanted) {
        (Ok(resolved), Wanted::Document(kind)) if status == 200 => (
            *kind,
            serde_json::to_string(resolved.document()).unwrap_or_default(),
        ),
        (_, Wanted::Result(kind)) => (*kind, resolution::result(resolved).to_string()),
        _ => (RESULT_TYPE, resolution::result(resolved).to_string()),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        body,
    )
        .into_response()
}

impl Door {
    /// The resolver for the trust list as it is now; what it keeps is lost when the list changes.
    async fn resolver(&self) -> Resolver {
        let (file, now) = (self.app.trust_list.clone(), self.app.clock.now());
        let list = tokio::task::spawn_blocking(move || trust::show(&file, now).ok())
            .await
            .ok()
            .flatten();
        let version = list.as_ref().map(|list| list.version);
        let mut held = self.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((of, resolver)) if *of == version => resolver.clone(),
            _ => {
                let resolver = self.make(list.as_ref());
                *held = Some((version, resolver.clone()));
                resolver
            }
        }
    }

    fn make(&self, list: Option<&TrustList>) -> Resolver {
        let app = Arc::clone(&self.app);
        let clock: Clock = Arc::new(move || app.clock.now());
        match web(list, self.app.resolve_anywhere) {
            Ok(web) => Resolver::new(web, Keeping::default(), clock),
            Err(_) => Resolver::offline(clock),
        }
    }
}
