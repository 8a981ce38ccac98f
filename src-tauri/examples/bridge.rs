//! The wallet's pages in a browser, against the same commands: for tests, and for a machine without a display.
//!
//! Never part of the shipped app. Loopback only, a fresh token at each start (in the link's fragment, so that it reaches no log),
//! `Host` and `Origin` checked.

use std::{
    alloc::System,
    convert::Infallible,
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as Segment, Query, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_app::{app, settings::Settings, state::Changed, task::TaskProgress};
use clap::Parser;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tauri::{
    ipc::{CallbackFn, InvokeBody, InvokeResponseBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder},
    webview::InvokeRequest,
};
use tokio::{net::TcpListener, sync::broadcast};
use tokio_stream::{Stream, StreamExt as _, wrappers::BroadcastStream};
use zeroizing_alloc::ZeroAlloc;

/// The wallet's pages in a browser.
#[derive(Debug, Parser)]
struct Options {
    /// Folder with the built pages (`npm run build` makes `ui/dist/bridge`).
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/dist/bridge"))]
    pages: PathBuf,
    /// The vault's folder.
    #[arg(long, env = "CARNET_VAULT")]
    vault: PathBuf,
    /// A signed list of organisations, taken at each unlock.
    #[arg(long, env = "CARNET_TRUST")]
    trust: Option<PathBuf>,
    /// The pages say that this is sample data.
    #[arg(long)]
    demo: bool,
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

struct Bridge {
    pages: PathBuf,
    token: String,
    authority: String,
    window: tauri::WebviewWindow<MockRuntime>,
    /// What the pages are told without asking, as JSON.
    told: broadcast::Sender<String>,
}

/// Every byte that is given back is wiped first: texts and buffers of libraries too, which know nothing of secrets.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    carnet_wallet_core::dumps::prevent();
    let options = Options::parse();
    let settings = Settings {
        vault: Some(options.vault),
        trust: options.trust,
        demo: options.demo,
    };
    let app = app(mock_builder(), settings)?;
    let window = tauri::WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default()).build()?;

    let (told, _) = broadcast::channel(64);
    pass_on::<Changed>(&app, told.clone());
    pass_on::<TaskProgress>(&app, told.clone());

    tauri::async_runtime::block_on(async move {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port))).await?;
        let authority = listener.local_addr()?.to_string();
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let token = URL_SAFE_NO_PAD.encode(random);
        let link = json!({ "url": format!("http://{authority}/#token={token}") });
        writeln!(io::stdout(), "{link}")?;
        io::stdout().flush()?;

        let bridge = Arc::new(Bridge {
            pages: options.pages,
            token,
            authority,
            window,
            told,
        });
        let routes = Router::new()
            .route("/__ipc/{command}", post(call))
            .route("/__events", get(events))
            .fallback(get(page))
            .layer(DefaultBodyLimit::max(96 * 1024 * 1024))
            .layer(middleware::from_fn_with_state(bridge.clone(), guard))
            .with_state(bridge);
        axum::serve(listener, routes).await
    })?;
    drop(app);
    Ok(())
}

/// Only this origin's own pages, by the name that was printed; every answer says what it may be used for.
async fn guard(State(bridge): State<Arc<Bridge>>, request: Request, next: Next) -> Response {
    if !bridge.is_at_home(request.method(), request.headers()) {
        return refused(StatusCode::FORBIDDEN, "This was asked from elsewhere.");
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
             connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn call(
    State(bridge): State<Arc<Bridge>>,
    Segment(command): Segment<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = headers
        .get("x-carnet-token")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !bridge.knows(token) {
        return refused(
            StatusCode::UNAUTHORIZED,
            "Open the link that was printed at the start.",
        );
    }
    let arguments = if body.is_empty() {
        Ok(json!({}))
    } else {
        serde_json::from_slice::<Value>(&body)
    };
    let (Ok(arguments), Ok(url)) = (arguments, "tauri://localhost".parse()) else {
        return refused(StatusCode::BAD_REQUEST, "The arguments are not JSON.");
    };
    // Carnet's own commands only; those of the shell's plugins have no meaning here.
    if command.contains([':', '|']) {
        return refused(StatusCode::NOT_FOUND, "There is no such command.");
    }
    let request = InvokeRequest {
        cmd: command,
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url,
        body: InvokeBody::Json(arguments),
        headers: HeaderMap::new(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    let window = bridge.window.clone();
    match tokio::task::spawn_blocking(move || get_ipc_response(&window, request)).await {
        Ok(Ok(InvokeResponseBody::Json(answer))) => {
            ([(header::CONTENT_TYPE, "application/json")], answer).into_response()
        }
        Ok(Ok(InvokeResponseBody::Raw(bytes))) => bytes.into_response(),
        Ok(Err(error)) => (StatusCode::UNPROCESSABLE_ENTITY, Json(error)).into_response(),
        Err(_) => refused(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The command ended before it was done.",
        ),
    }
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

async fn events(State(bridge): State<Arc<Bridge>>, Query(given): Query<Token>) -> Response {
    if !bridge.knows(&given.token) {
        return refused(
            StatusCode::UNAUTHORIZED,
            "Open the link that was printed at the start.",
        );
    }
    Sse::new(stream(bridge.told.subscribe()))
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn stream(told: broadcast::Receiver<String>) -> impl Stream<Item = Result<Event, Infallible>> {
    BroadcastStream::new(told)
        .filter_map(Result::ok)
        .map(|event| Ok(Event::default().data(event)))
}

/// Passes events of one kind on.
fn pass_on<E: tauri_specta::Event + Serialize + DeserializeOwned + Clone + 'static>(
    app: &tauri::App<MockRuntime>,
    told: broadcast::Sender<String>,
) {
    E::listen(app, move |event| {
        // Nobody may be listening.
        let _ = told.send(json!({ "event": E::NAME, "payload": event.payload }).to_string());
    });
}

async fn page(State(bridge): State<Arc<Bridge>>, request: Request) -> Response {
    let asked = Path::new(request.uri().path().trim_start_matches('/'));
    if !asked
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return refused(StatusCode::NOT_FOUND, "There is no such page.");
    }
    let file = if asked.as_os_str().is_empty() {
        Path::new("index.html")
    } else {
        asked
    };
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    match tokio::fs::read(bridge.pages.join(file)).await {
        Ok(content) => ([(header::CONTENT_TYPE, kind)], content).into_response(),
        Err(_) => refused(StatusCode::NOT_FOUND, "There is no such page."),
    }
}

impl Bridge {
    /// Asked by the name that was printed, and from the pages that came from there.
    fn is_at_home(&self, method: &Method, headers: &HeaderMap) -> bool {
        let says = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let from_here = match says(header::ORIGIN) {
            Some(origin) => origin.strip_prefix("http://") == Some(&self.authority),
            None => method == Method::GET,
        };
        says(header::HOST) == Some(&self.authority) && from_here
    }

    /// In the same time for every guess of the right length.
    fn knows(&self, token: &str) -> bool {
        token.len() == self.token.len()
            && token
                .bytes()
                .zip(self.token.bytes())
                .fold(0, |differ, (a, b)| differ | (a ^ b))
                == 0
    }
}

fn refused(status: StatusCode, message: &str) -> Response {
    (
        status,
        Json(json!({ "code": "refused", "message": message, "next": "" })),
    )
        .into_response()
}
