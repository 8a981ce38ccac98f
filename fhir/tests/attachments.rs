//! Files inside records come out as they went in, or not at all.

use carnet_fhir::{AttachmentError, attachment, attachments, document, read_record};

const PDF: &[u8] = b"%PDF-1.7\nDear Maria, all is well.";

fn with(attachment: &str) -> String {
    format!(
        r#"{{"resourceType":"DocumentReference","status":"current","content":[{{"attachment":{attachment}}}]}}"#
    )
}

#[test]
fn a_letter_comes_out_of_its_record_as_it_went_in() {
    let now = "2026-11-22T10:20:00.5Z".parse().unwrap();
    let raw = document(
        "file-1",
        "a \"letter\".pdf",
        "application/pdf",
        PDF,
        Some("Patient/1"),
        now,
    );
    let summary = read_record(&raw, None).unwrap().summary;
    assert_eq!(
        (summary.title.as_str(), summary.subject.as_deref()),
        ("a \"letter\".pdf", Some("Patient/1"))
    );
    let listed = attachments(&raw).remove(0);
    assert_eq!(
        (listed.title.as_deref(), listed.content_type, listed.bytes),
        (
            Some("a \"letter\".pdf"),
            "application/pdf",
            Some(PDF.len() as u64)
        )
    );
    assert_eq!(attachment(&raw, 0).unwrap(), PDF);
    assert_eq!(attachment(&raw, 1), Err(AttachmentError::Unknown));
    let (before, after) = raw.split_once("JVBE").unwrap();
    let other = format!("{before}KVBE{after}");
    assert_eq!(attachment(&other, 0), Err(AttachmentError::Altered));
}

#[test]
fn what_a_file_is_called_is_decided_by_its_bytes() {
    let kind = |data: &str| {
        attachments(&with(&format!(
            r#"{{"contentType":"application/pdf","data":"{data}"}}"#
        )))
        .remove(0)
    };
    assert_eq!(
        kind("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==").content_type,
        "application/octet-stream"
    );
    assert_eq!(kind("iVBORw0KGgoAAAANSUhEUg==").content_type, "image/png");
    assert_eq!(kind("AAAA").bytes, Some(3));
    let all = r#"{"resourceType":"DiagnosticReport","status":"final","code":{},"presentedForm":[{"data":"AAA="},{"url":"https://x.example/scan.pdf"}],
        "contained":[{"resourceType":"Binary","contentType":"image/png","data":"AAAA AAAA"}]}"#;
    let bytes: Vec<_> = attachments(all).into_iter().map(|one| one.bytes).collect();
    assert_eq!(bytes, [Some(2), None, Some(6)]);
    assert_eq!(attachment(all, 1), Err(AttachmentError::Elsewhere));
    assert_eq!(attachment(all, 2).unwrap(), [0; 6]);
}

#[test]
fn base64_is_read_strictly_and_within_bounds() {
    for data in ["AAA", "AAB=", "AA==AAAA", "A-_A", "AAAA=", "\\u00e9AAA"] {
        let raw = with(&format!(r#"{{"data":"{data}"}}"#));
        assert_eq!(attachment(&raw, 0), Err(AttachmentError::NotBase64), "{data}");
        assert_eq!(attachments(&raw).len(), 1);
    }
    let large = with(&format!(r#"{{"data":"{}"}}"#, "A".repeat((50 << 20) / 3 * 4 + 8)));
    assert_eq!(attachment(&large, 0), Err(AttachmentError::TooLarge));
    assert_eq!(
        attachment(&with(r#"{"data":"AAAA","size":4}"#), 0),
        Err(AttachmentError::Altered)
    );
    assert_eq!(
        attachment(&with(r#"{"data":"AAAA","hash":"AAAA"}"#), 0),
        Err(AttachmentError::Altered)
    );
}
