//! "Something changed": what the staff page listens to.

use serde::Serialize;
use tokio::sync::broadcast;

/// Names what changed; the page asks for the rest.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    Request(String),
    Consent(String),
    Card(String),
}

#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<Changed>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(256).0)
    }
}

impl Events {
    pub fn request(&self, id: &str) {
        let _ = self.0.send(Changed::Request(id.to_owned()));
    }

    pub fn consent(&self, grant_id: impl ToString) {
        let _ = self.0.send(Changed::Consent(grant_id.to_string()));
    }

    pub fn card(&self, id: &str) {
        let _ = self.0.send(Changed::Card(id.to_owned()));
    }

    pub fn listen(&self) -> broadcast::Receiver<Changed> {
        self.0.subscribe()
    }
}
