//! What wallets talk to, over TLS. Nobody is known here by a session: each use case checks for itself.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{
        ConnectInfo, DefaultBodyLimit, Form, Path, Query, Request, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use carnet_consent::GrantId;
use carnet_exchange::{
    limits::{ANSWER_BYTES, MANAGE_BYTES},
    media,
    registry::RevocationRequest,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_stream::StreamExt as _;

use super::{at_the_chain, at_work, evidence, identifiers, issuance};
use crate::{
    answer,
    app::App,
    deliver,
    errors::Refusal,
    limits::{self, Buckets, stranger},
    manage::{self, ManageError},
    scan,
};

const FOR_A_DAY: &str = "public, max-age=86400, immutable";

#[derive(Debug)]
struct Door {
    app: Arc<App>,
    strangers: Buckets<IpAddr>,
    /// Revocations from there.
    revocations: Buckets<IpAddr>,
    /// Revocations for this address on the ledger.
    subjects: Buckets<[u8; 20]>,
    deliveries: Semaphore,
}

/// Everything that wallets may ask.
pub fn router(app: Arc<App>) -> Router {
    let identifiers = identifiers::router(Arc::clone(&app));
    let issuance = issuance::router(Arc::clone(&app));
    let evidence = evidence::router(Arc::clone(&app));
    let door = Arc::new(Door {
        app,
        // Generous enough for a clinic behind one address.
        strangers: Buckets::new(600.0, 100.0),
        // A wallet that takes back everything at once, and then one a second.
        revocations: Buckets::new(100.0, 1.0),
        // An address is one consent's: two proofs, tried a few times.
        subjects: Buckets::new(8.0, 0.05),
        deliveries: Semaphore::new(limits::DELIVERIES),
    });
    let quick = Router::new()
        .route(
            "/oid4vp/request/{id}",
            get(request)
                .post(request_for_wallet)
                .layer(DefaultBodyLimit::max(limits::SMALL_BYTES)),
        )
        .route("/.well-known/did.json", get(did_document))
        .route(
            "/oid4vp/response/{id}",
            post(response).layer(DefaultBodyLimit::max(ANSWER_BYTES + limits::SMALL_BYTES)),
        )
        .route("/oid4vp/offers/{id}", get(offer))
        .route(
            "/manage",
            post(manage_consents).layer(DefaultBodyLimit::max(MANAGE_BYTES)),
        )
        .route("/ledger/grants/{grant_id}", get(status))
        .route(
            "/ledger/revocations",
            post(revocation).layer(DefaultBodyLimit::max(limits::SMALL_BYTES)),
        )
        .route("/ledger/events", get(events))
        .route("/policy", get(policy))
        .merge(identifiers)
        .merge(issuance)
        .merge(evidence)
        .layer(from_fn(|request, next| within(limits::REQUEST, request, next)));
    let slow = Router::new()
        .route(
            "/delivery/{id}",
            post(delivery).layer(DefaultBodyLimit::disable()),
        )
        .layer(from_fn(|request, next| within(limits::DELIVERY, request, next)));
    quick
        .merge(slow)
        .fallback(|| async { Refusal::not_found() })
        .method_not_allowed_fallback(|| async {
            Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method",
                "This can't be done here.",
                "Check the method.",
            )
        })
        .layer(from_fn_with_state(Arc::clone(&door), measure))
        .with_state(door)
}

pub(crate) async fn within(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            "The request took too long.",
            "Nothing was half-written. Send it again.",
        )
        .into_response(),
    }
}

async fn measure(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let from = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip());
    let mut response = if from.is_none_or(|ip| door.strangers.take(stranger(ip), Instant::now())) {
        next.run(request).await
    } else {
        Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many requests came from there.",
            "Wait a few seconds, then try again.",
        )
        .into_response()
    };
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn request(State(door): State<Arc<Door>>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let compact = at_work(move || answer::signed_request(&door.app, &id, None)).await?;
    Ok(served(compact))
}

/// What a wallet posts to fetch a question. What it can do (`wallet_metadata`) changes nothing: the question asks for what
/// every wallet of this profile can do.
#[derive(Deserialize)]
struct FetchForm {
    wallet_nonce: Option<String>,
}

async fn request_for_wallet(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    form: Result<Form<FetchForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(form) = form.map_err(|rejection| ill_formed(rejection.status()))?;
    let compact =
        at_work(move || answer::signed_request(&door.app, &id, form.wallet_nonce.as_deref())).await?;
    Ok(served(compact))
}

fn served(compact: String) -> Response {
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(media::REQUEST))],
        compact,
    )
        .into_response()
}

async fn did_document(State(door): State<Arc<Door>>) -> Result<Response, Refusal> {
    let document = door.app.identity.did_document(&door.app.keys);
    let document = document.ok_or_else(Refusal::not_found)?;
    Ok((
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/did+json"),
        )],
        document.to_string(),
    )
        .into_response())
}

/// The question laid for a patient who showed a code: nothing yet, or nothing ever.
async fn offer(State(door): State<Arc<Door>>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let laid = at_work(move || scan::laid(&door.app, &id)).await?;
    Ok(laid.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |sealed| {
            let kind = HeaderValue::from_static(media::DELIVERY);
            ([(header::CONTENT_TYPE, kind)], sealed).into_response()
        },
    ))
}

#[derive(Deserialize)]
struct ResponseForm {
    response: String,
}

async fn response(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    form: Result<Form<ResponseForm>, FormRejection>,
) -> Result<Json<Value>, Refusal> {
    let Form(form) = form.map_err(|rejection| ill_formed(rejection.status()))?;
    let promise = at_work(move || answer::take(&door.app, &id, &form.response)).await?;
    Ok(Json(promise.map_or_else(
        || json!({}),
        |promise| json!({ "carnet_promise": promise }),
    )))
}

async fn delivery(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let _place = door
        .deliveries
        .acquire()
        .await
        .map_err(|_| Refusal::not_found())?;
    let app = Arc::clone(&door.app);
    let mut arriving = at_work(move || deliver::begin(&app, &id, &content_type)).await?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Refusal::from(deliver::DeliverError::BrokenOff))?;
        arriving.take(&piece).map_err(Refusal::from)?;
    }
    let app = Arc::clone(&door.app);
    at_work(move || arriving.finish(&app)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn manage_consents(
    State(door): State<Arc<Door>>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Refusal> {
    of_type(&headers, media::MANAGE)?;
    let reply = at_work(move || manage::answer(&door.app, &body)).await?;
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static(media::JSON))],
        reply,
    )
        .into_response())
}

async fn status(State(door): State<Arc<Door>>, Path(grant_id): Path<String>) -> Result<Json<Value>, Refusal> {
    let grant_id: GrantId = grant_id.parse().map_err(|_| Refusal::not_found())?;
    let app = Arc::clone(&door.app);
    Ok(Json(
        at_the_chain(&door.app, move || manage::ledger_status(&app, &grant_id)).await?,
    ))
}

/// Anybody may bring a revocation, and each that holds is written down for good: so before any signature is checked, it is
/// counted by where it comes from and by the address that it is about.
async fn revocation(
    State(door): State<Arc<Door>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let request = RevocationRequest::read(&body).map_err(ManageError::from)?;
    let now = Instant::now();
    let may =
        door.revocations.take(stranger(from.ip()), now) && door.subjects.take(request.grant.subject, now);
    if !may {
        return Err(ManageError::TooMany.into());
    }
    let promise = at_work(move || manage::revocation(&door.app, request)).await?;
    Ok(Json(json!({ "promise": promise })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    #[serde(default)]
    after: u64,
}

async fn events(
    State(door): State<Arc<Door>>,
    begin: Result<Query<Begin>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(Begin { after }) = begin.map_err(|rejection| ill_formed(rejection.status()))?;
    let app = Arc::clone(&door.app);
    let page = at_the_chain(&door.app, move || manage::events(&app, after)).await?;
    // What is full is never added to. One that reaches the end says so, and that is soon no longer true.
    let keep = if page.is_full() && page.next().is_some() {
        FOR_A_DAY
    } else {
        "no-cache"
    };
    Ok((
        [(header::CACHE_CONTROL, HeaderValue::from_static(keep))],
        Json(page),
    )
        .into_response())
}

async fn policy(State(door): State<Arc<Door>>) -> Response {
    let text = format!(
        "{}\n\nWhat you share is read only by people who are signed in here by name, only for the purpose and time you \
         agreed to, and each reading is written down for you to see. When you take it back, or when its time is over, \
         the key of the stored copy is destroyed. What was copied into your file or printed before stays there.\n",
        door.app.name
    );
    (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        )],
        text,
    )
        .into_response()
}

fn of_type(headers: &HeaderMap, wanted: &str) -> Result<(), Refusal> {
    let found = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if media::is(found, wanted) {
        Ok(())
    } else {
        Err(ill_formed(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

fn ill_formed(status: StatusCode) -> Refusal {
    let status = if status.is_client_error() {
        status
    } else {
        StatusCode::BAD_REQUEST
    };
    Refusal::new(
        status,
        "ill_formed",
        "The request does not have its form.",
        "Check its body and content type.",
    )
}
