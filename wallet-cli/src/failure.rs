//! How a failure is told.

use std::{io::Write, process::ExitCode};

use carnet_wallet_core::{Described, views::ErrorView};
use clap::error::ErrorKind;
use serde_json::json;

/// What went wrong, in the wallet's words.
#[derive(Debug)]
pub(crate) struct Failure(ErrorView);

impl<E: Described> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Failure {
    /// A failure of the terminal itself: a file, a prompt.
    pub(crate) fn here(code: &str, message: impl Into<String>, next: &str) -> Self {
        Self(ErrorView {
            code: code.to_owned(),
            message: message.into(),
            next: next.to_owned(),
        })
    }

    /// The same, with words in front that say what it is about.
    pub(crate) fn about(mut self, what: &str) -> Self {
        self.0.message.insert_str(0, what);
        self
    }

    pub(crate) fn print(&self, json: bool) {
        let Self(error) = self;
        let text = if json {
            json!({ "error": error }).to_string()
        } else {
            format!("{}\n{}\n({})", error.message, error.next, error.code)
        };
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// A command line that can't be read. Help and version are no failures.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if std::env::args().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let message = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned();
        Failure::here("usage", message, "Run `carnet --help` to see what can be typed.").print(true);
    } else {
        let _ = error.print();
    }
    ExitCode::from(2)
}
