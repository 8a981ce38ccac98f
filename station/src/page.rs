//! The staff page: static files built by the `ui` folder, embedded in the program.

use axum::{
    http::{HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../ui/dist/station"]
struct Files;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Carnet station</title>\
<p>This station was built without its staff page. Build the page (in the folder ui: npm ci, npm run build) and \
then the station again. Its programming interface works all the same.</p></html>";

/// A file of the page, or the page itself for its own addresses.
pub async fn file(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let (path, found) = match Files::get(path) {
        Some(found) => (path, Some(found)),
        None if path.contains('.') => {
            return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
        }
        None => ("index.html", Files::get("index.html")),
    };
    let Some(found) = found else {
        return Html(NOT_BUILT).into_response();
    };
    let kind = HeaderValue::from_static(media_type(path));
    // Vite names its assets by their content; the page that names them is asked for anew.
    let keep = if path.starts_with("assets/") {
        "private, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
        ],
        found.data,
    )
        .into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
