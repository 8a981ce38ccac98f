//! A station started as its own process, and a tiny wallet that speaks to it.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod ledger;
pub(crate) mod wallet;

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

use carnet_ledger::Ledger;
use carnet_station::{
    app::{App, Role},
    identity::Kind,
    serve::{self, MovedClock, Options},
};
use ledger::Watched;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tokio::sync::watch;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_carnet-station");

/// What an answer of the station came to.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

pub(crate) async fn reply(response: Response) -> Reply {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    Reply {
        status,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}

/// A running station.
pub(crate) struct Station {
    child: Option<Child>,
    stop: Option<watch::Sender<bool>>,
    pub(crate) data: PathBuf,
    pub(crate) staff_url: String,
    pub(crate) public_url: String,
    pub(crate) trust_list: PathBuf,
    pub(crate) token: String,
    pub(crate) http: Client,
    stderr: mpsc::Receiver<String>,
}

impl Station {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &["--name", "Northgate Clinic"])
    }

    pub(crate) fn start_with(data: &Path, further: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--data"])
            .arg(data)
            .args(further)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, stderr) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| drop(sender.send(line)));
        });
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut greeting)
            .unwrap();
        let greeting: Value = serde_json::from_str(&greeting)
            .unwrap_or_else(|_| panic!("no greeting: {:?}", stderr.try_iter().collect::<Vec<_>>()));
        let mut station = Self::at(data, &greeting, stderr);
        station.child = Some(child);
        station
    }

    /// In this process, with a clock that the test moves.
    pub(crate) async fn start_with_clock(data: &Path, clock: &MovedClock) -> Self {
        Self::start_as(data, clock, vec![Role::Clinic]).await
    }

    /// With these roles, in this process, with a clock that the test moves.
    pub(crate) async fn start_as(data: &Path, clock: &MovedClock, roles: Vec<Role>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let opened = serve::open(options(data, roles), clock.source()).await.unwrap();
        Self::running(data, opened)
    }

    /// The same, with a registry that to the station is on a chain, and that the test can cut off.
    pub(crate) async fn start_watched(data: &Path, clock: &MovedClock) -> (Self, Arc<App>, Arc<Watched>) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = options(data, vec![Role::Clinic]);
        let mut opened = serve::open(options, clock.source()).await.unwrap();
        let app = Arc::get_mut(&mut opened.app).unwrap();
        let watched = Arc::new(Watched::new(app.registry.take().unwrap()));
        app.ledger = Arc::clone(&watched) as Arc<dyn Ledger>;
        let app = Arc::clone(&opened.app);
        (Self::running(data, opened), app, watched)
    }

    fn running(data: &Path, opened: serve::Station) -> Self {
        let mut station = Self::at(data, &opened.greeting(), mpsc::channel().1);
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(opened.run(stopping));
        station.stop = Some(stop);
        station
    }

    fn at(data: &Path, greeting: &Value, stderr: mpsc::Receiver<String>) -> Self {
        let text = |name: &str| greeting[name].as_str().unwrap().to_owned();
        Self {
            child: None,
            stop: None,
            data: data.to_path_buf(),
            staff_url: text("staff_url"),
            public_url: text("public_url"),
            trust_list: text("trust_list").into(),
            token: std::fs::read_to_string(text("token_file")).unwrap(),
            http: Client::builder()
                .tls_danger_accept_invalid_certs(true)
                .no_proxy()
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            stderr,
        }
    }

    /// The set-up secret printed at this start.
    pub(crate) fn secret(&self) -> Option<String> {
        while let Ok(line) = self.stderr.recv_timeout(Duration::from_secs(2)) {
            if let Some(secret) = line.strip_prefix("set-up secret: ") {
                return Some(secret.to_owned());
            }
        }
        None
    }

    /// kill -9, then started again on the same folder.
    pub(crate) fn kill_and_restart(mut self) -> Self {
        let child = self.child.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let data = self.data.clone();
        drop(self);
        Self::start_with(&data, &[])
    }

    /// Told to stop, waited for, and started again on the same folder.
    pub(crate) fn stop_and_restart(mut self) -> Self {
        let child = self.child.as_mut().unwrap();
        let told = Command::new("kill").arg(child.id().to_string()).status();
        assert!(told.unwrap().success() && child.wait().unwrap().success());
        let data = self.data.clone();
        drop(self);
        Self::start_with(&data, &[])
    }

    /// As a program with the service token.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(
            self.http
                .get(format!("{}{path}", self.staff_url))
                .bearer_auth(&self.token)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        let request = self
            .http
            .post(format!("{}{path}", self.staff_url))
            .bearer_auth(&self.token);
        reply(request.json(&body).send().await.unwrap()).await
    }

    /// Asks a question: its id and link.
    pub(crate) async fn ask(&self, body: Value) -> (String, String) {
        let asked = self.post("/api/requests", body).await;
        assert_eq!(asked.status, 200, "{asked:?}");
        (
            asked.body["id"].as_str().unwrap().to_owned(),
            asked.body["uri"].as_str().unwrap().to_owned(),
        )
    }

    pub(crate) async fn state(&self, id: &str) -> String {
        self.get(&format!("/api/requests/{id}")).await.body["state"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn confirm(&self, id: &str, code: &str) -> Reply {
        self.post(
            &format!("/api/requests/{id}/confirm"),
            serde_json::json!({ "code": code }),
        )
        .await
    }

    pub(crate) async fn records(&self, grant_id: &str) -> Reply {
        self.get(&format!("/api/consents/{grant_id}/records")).await
    }

    /// SIGTERM; whether it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        let mut child = self.child.take().unwrap();
        Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap();
        child.wait().unwrap().success()
    }
}

fn options(data: &Path, roles: Vec<Role>) -> Options {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    Options {
        data: data.to_path_buf(),
        listen: any,
        staff_listen: any,
        roles,
        name: None,
        trust_list: None,
        public_url: None,
        resolve_anywhere: false,
        on_chain: None,
        client_id: Kind::X509Hash,
        witnesses: Vec::new(),
        anchor_every: carnet_station::anchors::EVERY,
        program: Some(PROGRAM.into()),
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn ok(reply: &Reply) {
    assert_eq!(reply.status, StatusCode::OK.as_u16(), "{reply:?}");
}
