//! Carnet's side when other people's software is asked to agree: a line of JSON in, `{"op", "input"}`, a line out,
//! `{"ok": …}` or `{"error": code}`. For `tests/interop`.
#![expect(clippy::print_stdout, reason = "the answers are lines")]

use std::io::{self, BufRead, Write};

use carnet_tests::interop;
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?).unwrap_or_default();
        let answer = match interop::answer(question["op"].as_str().unwrap_or_default(), &question["input"]) {
            Ok(ok) => json!({ "ok": ok }),
            Err(code) => json!({ "error": code }),
        };
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}
