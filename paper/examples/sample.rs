//! Writes a document with every kind of part to the file named, to be looked at: `… --example sample out.pdf`.
#![expect(clippy::unwrap_used, reason = "a tool for who works on the look")]

use carnet_paper::{Document, Table};

fn main() {
    let mut table = Table::new([("When", 3), ("What", 5), ("Who", 3), ("", 1)]);
    for n in 0..90 {
        table.row([
            format!("2026-11-{:02} 14:{:02}", n % 28 + 1, n % 60),
            if n % 7 == 0 {
                "Shared medicines (5), allergies (1) and laboratory results (34) until 22 December, to treat you".into()
            } else {
                "Read your medicines".to_owned()
            },
            "Northgate Clinic".to_owned(),
            n.to_string(),
        ]);
    }
    let pdf = Document::new("How pages look", "en")
        .paragraph("A paragraph of some length, so that it is broken into several lines and one can see how far the letters stand apart from each other on paper.")
        .notice("A notice: whoever holds this page can do one thing with it, and nothing else.")
        .heading("Facts")
        .rows([
            ("Name", "Zoë Ångström · Ελένη Παπαδοπούλου · Ольга Щербакова · Nguyễn Thị Ánh"),
            ("Not in the type", "診療所 and עברית stand as boxes"),
            ("A long word", &"unbreakable".repeat(12)),
        ])
        .heading("Steps")
        .steps(["Scan the code with the camera.", "Or type the text below it.", "It says what is true then."])
        .code("carnet:slip?".to_owned() + &"A".repeat(288), "A code of 300 characters")
        .literal("carnet:slip?".to_owned() + &"A".repeat(288))
        .small("Small print stands here.")
        .heading("A table")
        .table(table)
        .to_pdf()
        .unwrap();
    std::fs::write(std::env::args().nth(1).unwrap(), pdf).unwrap();
}
