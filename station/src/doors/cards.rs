//! What staff may ask about cards: offer one, look at offers, take one back.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    at_work,
    guard::{Door, SignedIn},
    staff::{Answer, body},
};
use crate::{
    app::{App, Role},
    ask,
    errors::Refusal,
    issue::{
        offer::{self, OfferError},
        rows::{CardOffer, State as OfferState},
        templates,
    },
};

/// Offers listed at most.
const LISTED: usize = 200;

/// Routes of the staff door.
pub(super) fn router() -> Router<Arc<Door>> {
    Router::new()
        .route("/api/cards/templates", get(all_templates))
        .route("/api/cards/import", post(import))
        .route("/api/cards/offers", get(offers).post(make))
        .route("/api/cards/offers/{id}", get(one))
        .route("/api/cards/offers/{id}/qr.svg", get(picture))
        .route("/api/cards/offers/{id}/approve", post(approve))
        .route("/api/cards/offers/{id}/revoke", post(revoke))
}

fn issuer(app: &App) -> Result<(), OfferError> {
    if app.roles.contains(&Role::Issuer) {
        Ok(())
    } else {
        Err(OfferError::NotAnIssuer)
    }
}

fn view(app: &App, offer: &CardOffer) -> Value {
    let state = offer.state(app.clock.now());
    let open = matches!(state, OfferState::Waiting | OfferState::Opened);
    let approval = templates::find(&offer.template)
        .is_ok_and(|template| template.approval)
        .then(|| {
            if offer.approved.is_some() {
                "given"
            } else {
                "needed"
            }
        });
    json!({
        "id": offer.id,
        "template": offer.template,
        "title": offer.title,
        "state": state.shown(),
        "uri": open.then(|| offer::link(app, offer)),
        "pin": offer::pin(app, offer),
        "created": offer.created,
        "expires": offer.expires,
        "until": offer.until,
        "by": offer.by.name(),
        "copies": offer.issued(),
        "tries_left": offer.tries_left,
        "approval": approval,
        "approved_by": offer.approved,
    })
}

async fn all_templates(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    issuer(&door.app)?;
    Ok(Json(json!(templates::all())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Make {
    template: String,
    claims: Map<String, Value>,
    /// The PIN is typed on this station's page, in the patient's browser.
    #[serde(default)]
    sign_in: bool,
}

async fn make(State(door): State<Arc<Door>>, SignedIn(caller): SignedIn, bytes: Bytes) -> Answer {
    issuer(&door.app)?;
    let wanted: Make = body(&bytes)?;
    let app = Arc::clone(&door.app);
    let made = at_work(move || {
        let kind = (wanted.template.as_str(), wanted.sign_in);
        offer::make(&app, &caller, kind, &wanted.claims)
    })
    .await?;
    announce_end(&door, &made.offer.id);
    Ok(Json(json!({
        "id": made.offer.id,
        "uri": offer::link(&door.app, &made.offer),
        "pin": made.pin,
        "expires": made.offer.expires,
    })))
}

/// Tells the page when a code has run out.
fn announce_end(door: &Arc<Door>, id: &str) {
    let (app, id) = (Arc::clone(&door.app), id.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(offer::LIFE.unsigned_abs() + std::time::Duration::from_millis(50)).await;
        app.events.card(&id);
    });
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Import {
    template: String,
    name: String,
    content: String,
}

async fn import(State(door): State<Arc<Door>>, _: SignedIn, bytes: Bytes) -> Answer {
    issuer(&door.app)?;
    let file: Import = body(&bytes)?;
    let template = templates::find(&file.template)?;
    Ok(Json(
        json!({ "claims": template.import(&file.name, &file.content)? }),
    ))
}

async fn offers(State(door): State<Arc<Door>>, _: SignedIn) -> Answer {
    issuer(&door.app)?;
    let list = at_work(move || {
        let newest = offer::newest(&door.app, LISTED)?;
        Ok::<_, OfferError>(newest.iter().map(|offer| view(&door.app, offer)).collect())
    });
    Ok(Json(list.await?))
}

async fn one(State(door): State<Arc<Door>>, _: SignedIn, Path(id): Path<String>) -> Answer {
    issuer(&door.app)?;
    let view = at_work(move || Ok::<_, OfferError>(view(&door.app, &offer::find(&door.app, &id)?)));
    Ok(Json(view.await?))
}

async fn picture(
    State(door): State<Arc<Door>>,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    issuer(&door.app)?;
    let app = Arc::clone(&door.app);
    let found = at_work(move || {
        let found = offer::find(&app, &id)?;
        let open = matches!(
            found.state(app.clock.now()),
            OfferState::Waiting | OfferState::Opened
        );
        open.then_some(found).ok_or(OfferError::Unknown)
    })
    .await?;
    let svg = ask::picture(&offer::link(&door.app, &found))?;
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"))],
        svg,
    )
        .into_response())
}

async fn approve(
    State(door): State<Arc<Door>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Answer {
    issuer(&door.app)?;
    let done = at_work(move || {
        let offer = offer::approve(&door.app, &caller, &id)?;
        Ok::<_, OfferError>(view(&door.app, &offer))
    });
    Ok(Json(done.await?))
}

async fn revoke(State(door): State<Arc<Door>>, _: SignedIn, Path(id): Path<String>) -> Answer {
    issuer(&door.app)?;
    let done = at_work(move || {
        let offer = offer::revoke(&door.app, &id)?;
        Ok::<_, OfferError>(view(&door.app, &offer))
    });
    Ok(Json(done.await?))
}
