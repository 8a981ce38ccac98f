//! A node that says what another says, save where a test has it say otherwise.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use serde_json::{Value, json};

use crate::anvil::Anvil;

/// Says an answer's `result` or `error`; the true one can be had.
type Says = dyn Fn(&Value, &dyn Fn() -> Value) -> Value + Send + Sync;

pub(crate) struct Liar {
    port: u16,
}

impl Liar {
    /// In front of a true node. It goes on until the test's process ends.
    pub(crate) fn before(
        anvil: &Anvil,
        says: impl Fn(&Value, &dyn Fn() -> Value) -> Value + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let truth = anvil.port;
        let says: Arc<Says> = Arc::new(says);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let says = Arc::clone(&says);
                thread::spawn(move || answer(stream, truth, &*says));
            }
        });
        Self { port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// What a node says that will not do something.
pub(crate) fn refusal(words: &str) -> Value {
    json!({"error": {"code": -32_000, "message": words}})
}

fn answer(mut stream: TcpStream, truth: u16, says: &Says) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let questions: Vec<Value> = serde_json::from_slice(&body).ok()?;
    let answers: Vec<Value> = questions
        .iter()
        .map(|question| {
            let ask = || crate::anvil::ask_at(truth, question).unwrap_or_default();
            let mut answer = says(question, &ask);
            answer["jsonrpc"] = json!("2.0");
            answer["id"] = question["id"].clone();
            answer
        })
        .collect();
    let body = json!(answers).to_string();
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json";
    write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).ok()
}
