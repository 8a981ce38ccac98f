//! What a witness is asked over TLS (c2sp.org/tlog-witness).

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, DefaultBodyLimit, State, rejection::BytesRejection},
    http::{StatusCode, header},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::post,
};
use carnet_log::{Refusal as NotSigned, witness::REQUEST_BYTES};

use super::cosign::{CosignError, Cosigner};
use crate::{
    doors::{at_work, public::within},
    errors::Refusal,
    limits::{self, Buckets, stranger},
};

#[derive(Debug)]
struct Door {
    cosigner: Arc<Cosigner>,
    strangers: Buckets<IpAddr>,
}

/// Everything that a station may ask.
pub(super) fn router(cosigner: Arc<Cosigner>) -> Router {
    let door = Door {
        cosigner,
        // A station asks after each growth of its log, at most twice a second.
        strangers: Buckets::new(60.0, 10.0),
    };
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES))
        .fallback(|| async { Refusal::not_found() })
        .layer(from_fn(|request, next| within(limits::REQUEST, request, next)))
        .with_state(Arc::new(door))
}

async fn add_checkpoint(
    State(door): State<Arc<Door>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    if !door.strangers.take(stranger(from.ip()), Instant::now()) {
        return Err(CosignError::TooMany.into());
    }
    let body = body.map_err(|_| CosignError::TooLarge)?;
    let cosigner = Arc::clone(&door.cosigner);
    at_work(move || {
        Ok(match cosigner.cosign(&body) {
            Ok(line) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], line).into_response(),
            // Whoever asks learns from where a proof has to lead.
            Err(CosignError::Refused {
                refusal: NotSigned::Conflict(_) | NotSigned::TwoHistories,
                known,
            }) => {
                let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
                (StatusCode::CONFLICT, kind, format!("{known}\n")).into_response()
            }
            Err(error) => return Err(error),
        })
    })
    .await
}
