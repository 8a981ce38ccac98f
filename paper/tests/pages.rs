//! What a printed document must hold, whatever is in it.

use carnet_paper::{Document, PaperError, Table};
use proptest::prelude::*;

fn has(pdf: &[u8], text: &str) -> bool {
    pdf.windows(text.len()).any(|window| window == text.as_bytes())
}

fn sheets(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type /Page\n").count()
}

fn log(rows: usize, cell: &str) -> Document {
    let mut table = Table::new([("When", 1), ("What", 3)]);
    for n in 0..rows {
        table.row([n.to_string(), cell.to_owned()]);
    }
    Document::new("Activity", "en").table(table)
}

#[test]
fn the_same_document_gives_the_same_bytes_with_title_language_and_what_programs_read() {
    let make = || {
        Document::new("Slip\u{202e} for\nMaria", "en-GB")
            .keywords("carnet:slip?v=1&d=A-_b")
            .paragraph("Hello")
            .code("carnet:slip?v=1", "a code")
            .to_pdf()
            .unwrap()
    };
    let pdf = make();
    assert_eq!(pdf, make());
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(has(&pdf, "(Slip for Maria)"));
    assert!(has(&pdf, "/Lang (en-GB)"));
    assert!(has(&pdf, "(carnet:slip?v=1&d=A-_b)"));
    assert!(has(&pdf, "/StructTreeRoot"));
    assert_eq!(sheets(&pdf), 1);
}

#[test]
fn a_long_table_and_a_cell_longer_than_a_page_go_on_over_pages() {
    assert_eq!(sheets(&log(20, "one line").to_pdf().unwrap()), 1);
    let many = sheets(&log(300, "one line").to_pdf().unwrap());
    let wrapped = sheets(&log(300, &"several words ".repeat(20)).to_pdf().unwrap());
    assert!((6..14).contains(&many), "{many}");
    assert!(wrapped > 2 * many, "{wrapped}");
    let one_cell = sheets(&log(1, &"words ".repeat(5_000)).to_pdf().unwrap());
    assert!((5..14).contains(&one_cell), "{one_cell}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let code = Document::new("", "en").code("x".repeat(3_000), "").to_pdf();
    assert_eq!(code.unwrap_err(), PaperError::CodeTooLong);
    let much = Document::new("", "en").paragraph("x".repeat(20_000_001)).to_pdf();
    assert_eq!(much.unwrap_err(), PaperError::TooMuch);
}

#[test]
fn only_the_letters_in_use_are_embedded() {
    let pdf = Document::new("Ελένη Щербакова Ångström", "el").to_pdf().unwrap();
    assert!(pdf.len() < 30_000, "{}", pdf.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing that a stranger can write keeps the others' words from being printed.
    #[test]
    fn any_text_is_printed(
        texts in proptest::collection::vec("\\PC{0,80}|[\\x00-\\x1f\u{202a}-\u{202e}\u{2066}-\u{2069}\u{5d0}\u{627}\u{10ffff}a ]{0,40}", 8),
        columns in 0_u16..6,
        shares in any::<u16>(),
    ) {
        let mut table = Table::new((0..columns).map(|n| (texts[0].as_str(), n.wrapping_mul(shares))));
        table.row(texts.clone());
        table.row(Vec::<String>::new());
        let pdf = Document::new(texts[1].clone(), texts[2].clone())
            .page_word(texts[3].clone())
            .heading(texts[4].clone())
            .rows([(texts[5].clone(), texts[6].clone())])
            .steps([texts[7].clone()])
            .table(table)
            .literal(texts.concat())
            .to_pdf()
            .unwrap();
        prop_assert!((1..=4).contains(&sheets(&pdf)));
        prop_assert!(pdf.ends_with(b"%%EOF"));
    }
}
