//! What this wallet has done.

use std::fmt::Write as _;

use carnet_wallet_core::views::{ActivityLine, LogView, SyncView};

use super::groups;

pub(crate) fn sync(done: &SyncView) -> String {
    match (done.sent, done.waiting) {
        (0, 0) => "Nothing was waiting.".to_owned(),
        (sent, 0) => format!("{sent} sent. Nothing is waiting."),
        (sent, waiting) => format!("{sent} sent, {waiting} still waiting."),
    }
}

pub(crate) fn log(view: &LogView) -> String {
    format!(
        "The log is whole: {} entries, each following from the one before.\nIt ends in {}. Note this down to compare it later.",
        view.entries, view.hash
    )
}

pub(crate) fn activity(lines: &[ActivityLine]) -> String {
    if lines.is_empty() {
        return "Nothing has happened yet.".to_owned();
    }
    let mut text = String::new();
    let several = lines.iter().any(|line| line.profile != lines[0].profile);
    for line in lines {
        let _ = write!(text, "{}  {}", line.when, line.what.replace('_', " "));
        if several {
            let _ = write!(text, "  (person {})", line.profile);
        }
        for part in [line.who.clone(), Some(groups(&line.groups)), line.code.clone()]
            .into_iter()
            .flatten()
        {
            if !part.is_empty() {
                let _ = write!(text, "  {part}");
            }
        }
        text.push('\n');
    }
    text
}
