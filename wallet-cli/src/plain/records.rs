//! Health records.

use std::fmt::Write as _;

use carnet_wallet_core::views::{AttachmentView, RecordLine, RecordView, RejectedView};

use super::short;

/// The drawers in the order in which a person looks for things.
const GROUPS: [&str; 15] = [
    "person",
    "medicines",
    "allergies",
    "conditions",
    "laboratory",
    "vitals",
    "vaccinations",
    "procedures",
    "visits",
    "notes",
    "reports",
    "plans",
    "other",
    "administrative",
    "directory",
];

pub(crate) fn imported(
    imported: u32,
    already_here: u32,
    rejected: &[RejectedView],
    rejected_total: u32,
) -> String {
    let mut text = format!("{imported} records imported.");
    if already_here > 0 {
        let _ = write!(text, " {already_here} were here already.");
    }
    if !rejected.is_empty() {
        let _ = writeln!(text, " {rejected_total} were not taken:");
        for entry in rejected {
            let _ = writeln!(text, "  {}: {} ({})", entry.entry, entry.message, entry.code);
        }
        if rejected_total as usize > rejected.len() {
            let _ = writeln!(text, "  … and {} more", rejected_total as usize - rejected.len());
        }
    }
    text
}

pub(crate) fn records(lines: &[RecordLine]) -> String {
    if lines.is_empty() {
        return "There are no records here yet. Import a FHIR file with `carnet records import FILE`."
            .to_owned();
    }
    let mut text = String::new();
    for group in GROUPS {
        if !lines.iter().any(|line| line.group == group) {
            continue;
        }
        let _ = writeln!(text, "{}", capital(group));
        for line in lines.iter().filter(|line| line.group == group) {
            let _ = writeln!(text, "  {:<8}  {}", short(&line.id, 8), record_line(line));
        }
        text.push('\n');
    }
    text
}

pub(super) fn record_line(line: &RecordLine) -> String {
    let mut text = format!("{:<10}  {}", line.date.as_deref().unwrap_or("-"), line.title);
    if let Some(detail) = &line.detail {
        let _ = write!(text, ": {detail}");
    }
    if !line.sensitive.is_empty() {
        let _ = write!(text, "  [sensitive: {}]", line.sensitive.join(", "));
    }
    text
}

pub(crate) fn record(view: &RecordView) -> String {
    let mut text = format!("{}\n{}\n\n", view.line.resource_type, record_line(&view.line));
    for field in &view.fields {
        let _ = writeln!(text, "{}: {}", field.label, field.value);
    }
    if view.series.len() > 1 {
        text.push_str("\nOver time:\n");
        for point in &view.series {
            let _ = writeln!(
                text,
                "  {}  {} {}",
                point.date,
                point.value,
                view.unit.as_deref().unwrap_or_default()
            );
        }
    }
    text
}

pub(crate) fn attachments(attachments: &[AttachmentView]) -> String {
    if attachments.is_empty() {
        return "This record holds no files.".to_owned();
    }
    let mut text = String::new();
    for attachment in attachments {
        let size = match attachment.bytes {
            Some(bytes) => format!("{bytes} bytes"),
            None => "only an address, which is not followed".to_owned(),
        };
        let title = attachment.title.as_deref().unwrap_or("-");
        let _ = writeln!(
            text,
            "{}  {title}  {}  {size}",
            attachment.index, attachment.content_type
        );
    }
    text
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
