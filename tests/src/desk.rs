//! The front desk, speaking the staff API as an integrator's program does.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::processes::{Station, Trouble, line_of};

/// A desk with a service account's token. Blocking, for journeys that read like a story.
#[derive(Debug)]
pub struct Desk {
    staff_url: String,
    token: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    /// At this station, with the token the station wrote for its integrators.
    pub fn at(station: &Station) -> Result<Self, Trouble> {
        // A second installation in the same process is refused, and harmless.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let trouble = |e: &dyn std::fmt::Display| Trouble(e.to_string());
        Ok(Self {
            staff_url: station.staff_url.clone(),
            token: line_of(&station.token_file)?,
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(20))
                .build()
                .map_err(|e| trouble(&e))?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|e| trouble(&e))?,
        })
    }

    /// One call: status and JSON body (null where there is none).
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value), Trouble> {
        let url = format!("{}{path}", self.staff_url);
        self.runtime.block_on(async {
            let method =
                reqwest::Method::from_bytes(method.as_bytes()).map_err(|e| Trouble(e.to_string()))?;
            let mut request = self.client.request(method, &url).bearer_auth(&self.token);
            if let Some(body) = body {
                request = request.json(body);
            }
            let response = request.send().await.map_err(|e| Trouble(format!("{url}: {e}")))?;
            let status = response.status().as_u16();
            let bytes = response
                .bytes()
                .await
                .map_err(|e| Trouble(format!("{url}: {e}")))?;
            Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
        })
    }

    fn good(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Trouble> {
        match self.call(method, path, body)? {
            (200..=299, value) => Ok(value),
            (status, value) => Err(Trouble(format!("{method} {path}: {status} {value}"))),
        }
    }

    /// Asks: purpose, items as (scope, required), days. The answer holds `id` and `uri`.
    pub fn ask(&self, purpose: &str, items: &[(&str, bool)], days: u32) -> Result<Value, Trouble> {
        let items: Vec<_> = items
            .iter()
            .map(|(scope, required)| json!({"scope": scope, "required": required}))
            .collect();
        self.good(
            "POST",
            "/api/requests",
            Some(&json!({"purpose": [purpose], "items": items, "days": days})),
        )
    }

    pub fn request(&self, id: &str) -> Result<Value, Trouble> {
        self.good("GET", &format!("/api/requests/{id}"), None)
    }

    /// Types the four digits.
    pub fn confirm(&self, id: &str, code: &str) -> Result<(u16, Value), Trouble> {
        self.call(
            "POST",
            &format!("/api/requests/{id}/confirm"),
            Some(&json!({"code": code})),
        )
    }

    /// Reads the records of a consent: 200 and a Bundle, or 403 and why.
    pub fn records(&self, grant_id: &str) -> Result<(u16, Value), Trouble> {
        self.call("GET", &format!("/api/consents/{grant_id}/records"), None)
    }

    pub fn reads(&self, grant_id: &str) -> Result<(u16, Value), Trouble> {
        self.call("GET", &format!("/api/consents/{grant_id}/reads"), None)
    }

    /// The receipt of a consent as a file: `json` or `pdf`.
    pub fn receipt(&self, grant_id: &str, form: &str) -> Result<Vec<u8>, Trouble> {
        let url = format!("{}/api/consents/{grant_id}/receipt.{form}", self.staff_url);
        let trouble = |e: reqwest::Error| Trouble(format!("{url}: {e}"));
        self.runtime.block_on(async {
            let request = self.client.get(&url).bearer_auth(&self.token);
            let response = request.send().await.and_then(reqwest::Response::error_for_status);
            let bytes = response.map_err(trouble)?.bytes().await.map_err(trouble)?;
            Ok(bytes.to_vec())
        })
    }

    /// Waits until the request is in one of these states (at most 15 s).
    pub fn wait_for(&self, id: &str, states: &[&str]) -> Result<Value, Trouble> {
        let patience = Instant::now();
        loop {
            let request = self.request(id)?;
            if request["state"].as_str().is_some_and(|s| states.contains(&s)) {
                return Ok(request);
            }
            if patience.elapsed() > Duration::from_secs(15) {
                return Err(Trouble(format!(
                    "request {id} is {} and not {states:?}",
                    request["state"]
                )));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}
