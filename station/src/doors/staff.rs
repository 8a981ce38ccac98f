//! What the front desk and its programs talk to: plain HTTP, this machine only.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::from_fn_with_state,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::{get, post},
};
use carnet_consent::{GrantId, ReadingKind, Scope};
use carnet_exchange::trust::{open_own, sign_own};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use tokio_stream::Stream;

use super::{
    at_work, cards, counter,
    guard::{Door, SignedIn, guard},
    views,
};
use crate::{
    accounts::{Caller, Newcomer, Person, Typed},
    app::App,
    ask::{self, AskError},
    checks::{self, Line},
    confirm,
    db::DbError,
    errors::Refusal,
    health, limits, page,
    read::{self, ReadError, Readable},
    receipt::{ReceiptError, receipt},
    rows::Given,
    scan, templates,
};

/// Questions listed at most.
const LISTED: usize = 200;
/// Bytes handed out before the gate is looked at again.
const PIECE: usize = 64 * 1024;

pub(super) type Answer = Result<Json<Value>, Refusal>;

/// Everything that staff may ask, and the page.
pub fn router(app: Arc<App>, address: SocketAddr, closing: watch::Receiver<bool>) -> Router {
    let door = Arc::new(Door::new(app, address, closing));
    Router::new()
        .route("/api/setup", get(set_up_state).post(set_up))
        .route("/api/sign-in", post(sign_in))
        .route("/api/sign-out", post(sign_out))
        .route("/api/me", get(me))
        .route("/api/staff", get(people).post(add_colleague))
        .route("/api/templates", get(all_templates))
        .route("/api/statements", get(all_statements))
        .route("/api/checks", get(checked))
        .route("/api/entry", get(own_entry))
        .route("/api/requests", get(requests).post(ask_question))
        .route("/api/scan", post(scan_text))
        .route(
            "/api/read-code",
            post(read_picture).layer(DefaultBodyLimit::max(limits::PICTURE_BYTES)),
        )
        .route("/api/requests/{id}", get(request))
        .route("/api/requests/{id}/qr.svg", get(picture))
        .route("/api/requests/{id}/confirm", post(confirm_code))
        .route("/api/consents", get(consents))
        .route("/api/consents/{grant_id}/records", get(records))
        .route("/api/consents/{grant_id}/export", get(export))
        .route("/api/consents/{grant_id}/reads", get(reads))
        .route("/api/consents/{grant_id}/receipt.json", get(receipt_json))
        .route("/api/consents/{grant_id}/receipt.pdf", get(receipt_pdf))
        .route("/api/revocations", get(revocations))
        .route("/api/events", get(events))
        .route("/api/health", get(station_health))
        .merge(cards::router())
        .merge(counter::router())
        .route("/api/{*rest}", get(nothing).post(nothing))
        .fallback(get(page::file))
        .layer(DefaultBodyLimit::max(limits::SMALL_BYTES))
        .layer(from_fn_with_state(Arc::clone(&door), guard))
        .with_state(door)
}

async fn nothing() -> Refusal {
    Refusal::not_found()
}

/// JSON as this station reads it: what is wrong is said in our own shape.
pub(super) fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|_| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "ill_formed",
            "The body is not the JSON that is needed here.",
            "Check its fields and send it again.",
        )
    })
}

async fn set_up_state(State(door): State<Arc<Door>>) -> Json<Value> {
    let app = &door.app;
    Json(json!({
        "needed": app.accounts.set_up_needed(),
        "station": { "name": app.name, "roles": app.roles, "development": app.development },
    }))
}

#[derive(Deserialize)]
struct SetUp {
    secret: Typed,
    #[serde(flatten)]
    newcomer: Newcomer,
}

async fn set_up(State(door): State<Arc<Door>>, bytes: Bytes) -> Result<Response, Refusal> {
    let set_up: SetUp = body(&bytes)?;
    let _place = door.hashing.acquire().await.map_err(|_| Refusal::not_found())?;
    let app = Arc::clone(&door.app);
    let (person, token) = at_work(move || app.accounts.set_up(&set_up.secret, &set_up.newcomer)).await?;
    Ok(signed_in(&door, &person, &token))
}

#[derive(Deserialize)]
struct SignIn {
    username: String,
    password: Typed,
}

async fn sign_in(State(door): State<Arc<Door>>, bytes: Bytes) -> Result<Response, Refusal> {
    let sign_in: SignIn = body(&bytes)?;
    let _place = door.hashing.acquire().await.map_err(|_| Refusal::not_found())?;
    let app = Arc::clone(&door.app);
    let (person, token) = at_work(move || app.accounts.sign_in(&sign_in.username, &sign_in.password)).await?;
    Ok(signed_in(&door, &person, &token))
}

fn signed_in(door: &Door, person: &Person, token: &str) -> Response {
    let mut response = Json(person_view(person)).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&door.set_cookie(token)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn person_view(person: &Person) -> Value {
    json!({ "name": person.name, "username": person.username, "admin": person.admin })
}

async fn sign_out(State(door): State<Arc<Door>>, headers: HeaderMap) -> Result<Response, Refusal> {
    if let Some(token) = door.token(&headers).map(str::to_owned) {
        let app = Arc::clone(&door.app);
        at_work(move || app.accounts.sign_out(&token)).await?;
    }
    let mut response = Json(json!({})).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&door.set_cookie("")) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn me(SignedIn(caller): SignedIn) -> Json<Value> {
    Json(match &caller {
        Caller::Person(person) => person_view(person),
        Caller::Service { name } => json!({ "name": caller.name(), "username": name, "admin": false }),
    })
}

async fn people(State(door): State<Arc<Door>>, SignedIn(caller): SignedIn) -> Answer {
    let people = at_work(move || door.app.accounts.people(&caller)).await?;
    Ok(Json(people.iter().map(person_view).collect()))
}

async fn add_colleague(State(door): State<Arc<Door>>, SignedIn(caller): SignedIn, bytes: Bytes) -> Answer {
    let newcomer: Newcomer = body(&bytes)?;
    let _place = door.hashing.acquire().await.map_err(|_| Refusal::not_found())?;
    let app = Arc::clone(&door.app);
    let person = at_work(move || app.accounts.add_colleague(&caller, &newcomer)).await?;
    Ok(Json(person_view(&person)))
}

/// The station's own entry, for patients who add it by hand: a file and the fingerprint for the paper beside it.
async fn own_entry(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    let refused = |error: carnet_exchange::trust::TrustError| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            error.code(),
            "The station's own entry is not in order.",
            "Check the station's name and public address.",
        )
    };
    let content = sign_own(&door.app.entry(), &door.app.keys.identity).map_err(refused)?;
    let fingerprint = open_own(&content).map_err(refused)?.fingerprint;
    Ok(Json(
        json!({ "name": "entry.json", "content": content, "fingerprint": fingerprint }),
    ))
}

async fn all_templates(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    let all = templates::all(door.app.clock.now())?;
    Ok(Json(all.iter().map(views::template).collect()))
}

async fn all_statements(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    Ok(Json(checks::all(door.app.clock.now())?))
}

/// Who asked for which proof, and what came of it, newest first.
async fn checked(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    let list = at_work(move || {
        let mut lines = door.app.db.all::<Line>("check/")?;
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        lines.truncate(LISTED);
        Ok::<_, DbError>(json!(lines))
    });
    Ok(Json(list.await?))
}

async fn ask_question(State(door): State<Arc<Door>>, SignedIn(caller): SignedIn, bytes: Bytes) -> Answer {
    let mut question: Value = body(&bytes)?;
    let offer = scan::take_offer(&mut question)?;
    let question = templates::question(&question, door.app.clock.now())?;
    let app = Arc::clone(&door.app);
    let asked = match offer {
        None => at_work(move || ask::ask(&app, &caller, question)).await?,
        Some(offer) => at_work(move || scan::ask(&app, &caller, question, &offer)).await?,
    };
    announce_end(&door, &asked.id);
    Ok(Json(
        json!({ "id": asked.id, "uri": ask::link(&door.app, &asked), "expires": asked.expires }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanned {
    text: String,
}

/// What a patient's code means here.
async fn scan_text(State(door): State<Arc<Door>>, _: SignedIn, bytes: Bytes) -> Answer {
    let Scanned { text } = body(&bytes)?;
    Ok(Json(at_work(move || scan::scan(&door.app, &text)).await?))
}

/// The text of a code in a picture (PNG or JPEG), such as a camera's.
async fn read_picture(_: State<Arc<Door>>, _: SignedIn, bytes: Bytes) -> Answer {
    let text = at_work(move || scan::read_picture(&bytes)).await?;
    Ok(Json(json!({ "text": text })))
}

/// Tells the page when a code has run out.
fn announce_end(door: &Arc<Door>, id: &str) {
    let (app, id) = (Arc::clone(&door.app), id.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(ask::LIFE.unsigned_abs() + std::time::Duration::from_millis(50)).await;
        app.events.request(&id);
    });
}

async fn requests(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    let list = at_work(move || {
        let newest = ask::newest(&door.app, LISTED)?;
        Ok::<_, AskError>(
            newest
                .iter()
                .map(|asked| views::request(&door.app, asked))
                .collect(),
        )
    });
    Ok(Json(list.await?))
}

async fn request(
    State(door): State<Arc<Door>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Answer {
    let app = Arc::clone(&door.app);
    let before = id.clone();
    let asked = at_work(move || ask::find_or_renew(&app, &caller, &before)).await?;
    if let Some(fresh) = asked
        .renewed
        .as_ref()
        .filter(|_| door.app.clock.now().duration_since(asked.expires) < ask::LIFE)
    {
        announce_end(&door, fresh);
    }
    Ok(Json(views::request(&door.app, &asked)))
}

async fn picture(
    State(door): State<Arc<Door>>,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let svg = at_work(move || {
        let asked = ask::find(&door.app, &id)?;
        ask::picture(&ask::link(&door.app, &asked))
    })
    .await?;
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"))],
        svg,
    )
        .into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Digits {
    code: String,
}

async fn confirm_code(
    State(door): State<Arc<Door>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Answer {
    let digits: Digits = body(&bytes)?;
    at_work(move || confirm::confirm(&door.app, &caller, &id, &digits.code)).await?;
    Ok(Json(json!({ "state": "confirmed" })))
}

async fn consents(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    let list = at_work(move || {
        let mut all = door.app.db.all::<Given>("consent/")?;
        all.sort_by_key(|given| std::cmp::Reverse(given.created));
        Ok::<_, DbError>(views::consents(&door.app, &all).into())
    });
    Ok(Json(list.await?))
}

#[derive(Deserialize)]
struct Narrower {
    view: Option<String>,
    /// A resource type.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// A SMART scope.
    scope: Option<String>,
}

async fn records(
    State(door): State<Arc<Door>>,
    SignedIn(caller): SignedIn,
    Path(grant_id): Path<String>,
    Query(query): Query<Narrower>,
) -> Result<Response, Refusal> {
    let narrower = match (&query.scope, &query.kind) {
        (Some(scope), _) => Some(scope.parse::<Scope>().map_err(|_| ReadError::Field("scope"))?),
        (None, Some(kind)) => Some(
            format!("patient/{kind}.rs")
                .parse::<Scope>()
                .map_err(|_| ReadError::Field("type"))?,
        ),
        (None, None) => None,
    };
    let readable = open(&door, caller, &grant_id, ReadingKind::Read, narrower).await?;
    if query.view.is_some() {
        let view = views::readable(&readable).to_string();
        return Ok(hand_out(&readable, "application/json", view));
    }
    Ok(hand_out(
        &readable,
        "application/fhir+json",
        readable.bundle(&door.app),
    ))
}

async fn export(
    State(door): State<Arc<Door>>,
    SignedIn(caller): SignedIn,
    Path(grant_id): Path<String>,
) -> Result<Response, Refusal> {
    let readable = open(&door, caller, &grant_id, ReadingKind::Export, None).await?;
    let mut response = hand_out(&readable, "application/fhir+json", readable.bundle(&door.app));
    let file = "attachment; filename=\"shared-records.fhir.json\"";
    response
        .headers_mut()
        .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(file));
    Ok(response)
}

async fn open(
    door: &Arc<Door>,
    caller: Caller,
    grant_id: &str,
    kind: ReadingKind,
    narrower: Option<Scope>,
) -> Result<Readable, Refusal> {
    let grant_id: GrantId = grant_id.parse().map_err(|_| ReadError::Unknown)?;
    let app = Arc::clone(&door.app);
    at_work(move || read::read(&app, &caller, &grant_id, kind, narrower.as_ref())).await
}

/// Piece by piece, as long as the consent's gate is open: a revocation also stops what is under way.
fn hand_out(readable: &Readable, kind: &'static str, text: String) -> Response {
    let bytes = Bytes::from(text);
    let gate = Arc::clone(&readable.gate);
    let pieces = (0..bytes.len().div_ceil(PIECE)).map(move |place| {
        if gate.is_closed() {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the consent has ended",
            ));
        }
        Ok(bytes.slice(place * PIECE..bytes.len().min((place + 1) * PIECE)))
    });
    let withheld = HeaderValue::from(readable.withheld);
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    let mut response = (headers, Body::from_stream(tokio_stream::iter(pieces))).into_response();
    response.headers_mut().insert("carnet-withheld", withheld);
    response
}

async fn reads(State(door): State<Arc<Door>>, _: SignedIn, Path(grant_id): Path<String>) -> Answer {
    let grant_id: GrantId = grant_id.parse().map_err(|_| ReadError::Unknown)?;
    let events = at_work(move || read::reads(&door.app, &grant_id)).await?;
    Ok(Json(Value::Array(events)))
}

async fn receipt_json(
    State(door): State<Arc<Door>>,
    _: SignedIn,
    Path(grant_id): Path<String>,
) -> Result<Response, Refusal> {
    let grant_id: GrantId = grant_id.parse().map_err(|_| ReceiptError::Unknown)?;
    let bytes = at_work(move || Ok::<_, ReceiptError>(receipt(&door.app, &grant_id)?.to_json())).await?;
    Ok(a_file("application/json", "consent-receipt.json", bytes))
}

async fn receipt_pdf(
    State(door): State<Arc<Door>>,
    _: SignedIn,
    Path(grant_id): Path<String>,
) -> Result<Response, Refusal> {
    let grant_id: GrantId = grant_id.parse().map_err(|_| ReceiptError::Unknown)?;
    let bytes = at_work(move || Ok::<_, ReceiptError>(receipt(&door.app, &grant_id)?.to_pdf()?)).await?;
    Ok(a_file("application/pdf", "consent-receipt.pdf", bytes))
}

/// Something to be saved under this name.
fn a_file(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], bytes).into_response();
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

async fn revocations(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    let list = at_work(move || {
        let mut ended: Vec<Given> = door.app.db.all::<Given>("consent/")?;
        ended.retain(|given| given.ended.is_some() || given.revoked.is_some());
        let time = |given: &Given| given.revoked.or(given.ended.as_ref().map(|ended| ended.at));
        ended.sort_by_key(|given| std::cmp::Reverse(time(given)));
        let view = |given: &Given| {
            json!({
                "grant_id": given.grant_id,
                "time": time(given),
                "reason": if given.revoked.is_some() { "revoked" } else { "ended" },
                "deletion_receipt": given.ended.is_some(),
                "exported": given.exported,
            })
        };
        Ok::<_, DbError>(ended.iter().map(view).collect())
    });
    Ok(Json(list.await?))
}

async fn events(
    State(door): State<Arc<Door>>,
    _: SignedIn,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = changes(door.app.events.listen(), door.closing.clone());
    Sse::new(changes).keep_alive(KeepAlive::default())
}

/// What changed, until the station closes.
fn changes(
    mut changed: broadcast::Receiver<crate::events::Changed>,
    mut closing: watch::Receiver<bool>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        loop {
            let event = tokio::select! {
                _ = closing.wait_for(|closing| *closing) => return,
                () = sender.closed() => return,
                change = changed.recv() => match change {
                    Ok(change) => Event::default().json_data(change),
                    // Too much at once: the page asks for everything anew.
                    Err(broadcast::error::RecvError::Lagged(_)) => Event::default().json_data(json!({ "all": true })),
                    Err(broadcast::error::RecvError::Closed) => return,
                },
            };
            let Ok(event) = event else { return };
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
        }
    });
    tokio_stream::wrappers::ReceiverStream::new(receiver)
}

async fn station_health(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    let app: Arc<App> = Arc::clone(&door.app);
    Ok(Json(
        at_work(move || Ok::<_, DbError>(health::health(&app))).await?,
    ))
}
