//! What the public door answers about identifiers, and whom it asks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::Station;

const KEY: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

struct Answer {
    status: u16,
    kind: String,
    body: Value,
}

async fn ask(station: &Station, path: &str, accept: Option<&str>) -> Answer {
    let url = format!("{}/1.0/identifiers/{path}", station.public_url);
    let mut request = station.http.get(url);
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        kind: response.headers()["content-type"].to_str().unwrap().to_owned(),
        body: response.json().await.unwrap(),
    }
}

fn problem(answer: &Answer) -> (u16, &str, &str) {
    let error = &answer.body["didResolutionMetadata"]["error"];
    assert!(answer.body["didDocument"].is_null());
    assert_eq!(answer.kind, "application/did-resolution");
    let name = error["type"].as_str().unwrap();
    (
        answer.status,
        name.strip_prefix("https://www.w3.org/ns/did#").unwrap(),
        error["detail"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn a_did_that_needs_nobody_is_answered_in_the_form_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(folder.path());
    let encoded = KEY.replace(':', "%3A");
    for path in [KEY, encoded.as_str()] {
        let answer = ask(&station, path, None).await;
        assert_eq!(
            (answer.status, answer.kind.as_str()),
            (200, "application/did-resolution")
        );
        assert_eq!(answer.body["didDocument"]["id"], KEY);
        assert_eq!(
            answer.body["didResolutionMetadata"]["contentType"],
            "application/did"
        );
    }
    for kind in [
        "application/did",
        "application/did+json",
        "application/did+ld+json",
    ] {
        let answer = ask(&station, KEY, Some(kind)).await;
        assert_eq!((answer.status, answer.kind.as_str()), (200, kind));
        assert_eq!(answer.body["id"], KEY);
    }
    let older = r#"application/ld+json;profile="https://w3id.org/did-resolution""#;
    assert_eq!(ask(&station, KEY, Some(older)).await.kind, older);
    let none = ask(&station, KEY, Some("application/did+cbor, text/html")).await;
    assert_eq!(
        problem(&none),
        (
            406,
            "REPRESENTATION_NOT_SUPPORTED",
            "representation_not_supported"
        )
    );
    for (path, expected) in [
        ("did:key:f00", (400, "INVALID_DID", "invalid_did")),
        ("nonsense", (400, "INVALID_DID", "invalid_did")),
        (
            "did:example:1",
            (501, "METHOD_NOT_SUPPORTED", "method_not_supported"),
        ),
        (
            &format!("{KEY}?versionId=1&versionId=2"),
            (400, "INVALID_OPTIONS", "invalid_options"),
        ),
        (
            &format!("{KEY}?unknown=1"),
            (400, "INVALID_OPTIONS", "invalid_options"),
        ),
        (
            &format!("{KEY}?versionNumber=1"),
            (501, "FEATURE_NOT_SUPPORTED", "no_versions"),
        ),
        (
            "did:peer:4zQmd8CpeFPci817KDsbSAKWcXAE2mjvCQSasRewvbSF54Bd",
            (404, "NOT_FOUND", "did_not_found"),
        ),
    ] {
        assert_eq!(problem(&ask(&station, path, None).await), expected, "{path}");
    }
}

#[tokio::test]
async fn a_stranger_can_not_send_the_station_to_hosts_that_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start(folder.path());
    for did in [
        "did:web:example.com",
        "did:web:example.com:a:b",
        "did:web:localhost",
    ] {
        let expected = (501, "FEATURE_NOT_SUPPORTED", "not_pinned");
        assert_eq!(problem(&ask(&station, did, None).await), expected, "{did}");
    }
    // Not even to itself: the list names it by a number, which no DID can.
    assert_eq!(
        problem(&ask(&station, "did:web:127.0.0.1", None).await).2,
        "invalid_did"
    );

    let folder = tempfile::tempdir().unwrap();
    let open = Station::start_with(folder.path(), &["--resolve-anywhere"]);
    for (did, code) in [
        ("did:web:localhost", "private_address"),
        ("did:web:localhost%3A8443", "odd_port"),
        ("did:web:2130706433", "invalid_did"),
    ] {
        assert_eq!(problem(&ask(&open, did, None).await).2, code, "{did}");
    }
}
