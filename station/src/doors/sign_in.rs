//! The page on which a patient types the PIN, in the system's browser, and where wallets begin such a sign-in.

use std::sync::Arc;

use axum::{
    Form, Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::issuance::beside;
use crate::{
    app::App,
    issue::{refused::Refused, sign_in},
};

/// Nothing is loaded but the style within, and the form goes here and back to the wallet on the person's own machine.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    form-action 'self' http://127.0.0.1:* http://[::1]:*; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(sign_in::PAR_PATH, post(push))
        .route(sign_in::PAGE_PATH, get(page).post(typed))
}

async fn push(State(app): State<Arc<App>>, body: Bytes) -> Result<(StatusCode, Json<Value>), Refused> {
    let (request_uri, seconds) = beside(move || sign_in::push(&app, &body)).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({ "request_uri": request_uri, "expires_in": seconds })),
    ))
}

#[derive(Deserialize)]
struct Asked {
    client_id: String,
    request_uri: String,
}

async fn page(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    written(app, asked, "").await
}

#[derive(Deserialize)]
struct Typed {
    #[serde(flatten)]
    asked: Asked,
    pin: String,
}

async fn typed(State(app): State<Arc<App>>, Form(typed): Form<Typed>) -> Result<Response, Refused> {
    let own = Arc::clone(&app);
    let Typed { asked, pin } = typed;
    let (client_id, request_uri) = (asked.client_id.clone(), asked.request_uri.clone());
    match beside(move || sign_in::finish(&own, &client_id, &request_uri, &pin)).await {
        Ok(back) => {
            let back = HeaderValue::from_str(back.as_str()).map_err(|_| Refused::SignIn)?;
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response())
        }
        Err(Refused::Code) => written(app, asked, "<p role=alert>This PIN was not accepted.").await,
        Err(other) => Err(other),
    }
}

async fn written(app: Arc<App>, asked: Asked, said: &'static str) -> Result<Response, Refused> {
    let name = text(&app.name);
    let (client_id, request_uri) = (text(&asked.client_id), text(&asked.request_uri));
    let offer = beside(move || sign_in::shown(&app, &asked.client_id, &asked.request_uri)).await?;
    let (title, tries) = (text(&offer.title), offer.tries_left);
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{name}</title>\
         <style>body{{font:1.25rem/1.5 sans-serif;max-width:30rem;margin:2rem auto;padding:0 1rem}}\
         input,button{{font:inherit;padding:.5rem;width:100%;box-sizing:border-box;margin:.5rem 0}}</style>\
         <h1>{name}</h1><p>Your wallet asks for: <strong>{title}</strong>.{said}\
         <form method=post><input type=hidden name=client_id value=\"{client_id}\">\
         <input type=hidden name=request_uri value=\"{request_uri}\">\
         <label>The PIN that the desk gave you ({tries} tries left)\
         <input name=pin inputmode=numeric autocomplete=one-time-code maxlength=6 required autofocus></label>\
         <button>Give me the card</button></form><p>If you did not ask for this, close this page."
    );
    let policy = (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(PAGE_POLICY),
    );
    Ok(([policy], Html(html)).into_response())
}

/// As text and nothing else.
fn text(raw: &str) -> String {
    raw.chars().fold(String::new(), |mut safe, letter| {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
        safe
    })
}
