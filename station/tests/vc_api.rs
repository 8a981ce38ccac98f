//! The VC API as a test suite meets it: a process of its own, real TLS, requests as the CCG's drafts have them.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use reqwest::{Certificate, Client};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_carnet-station");

struct Api {
    child: Child,
    url: String,
    issuer: String,
    http: Client,
    _folder: tempfile::TempDir,
}

impl Api {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["vc-api", "--listen", "127.0.0.1:0", "--key-file"])
            .arg(folder.path().join("issuer.key"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let greeting: Value = serde_json::from_str(&line).unwrap();
        let certificate =
            Certificate::from_pem(greeting["certificate"].as_str().unwrap().as_bytes()).unwrap();
        // Several tests in one process may each be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            child,
            url: greeting["url"].as_str().unwrap().into(),
            issuer: greeting["issuers"]["Ed25519"].as_str().unwrap().into(),
            http: Client::builder()
                .tls_certs_only([certificate])
                .no_proxy()
                .build()
                .unwrap(),
            _folder: folder,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self
            .http
            .post(format!("{}{path}", self.url))
            .json(body)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": { "id": "did:example:ada", "name": "Ada" },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_issued_is_verified_and_what_is_changed_is_not() {
    let api = Api::start();
    for suite in [
        "eddsa-jcs-2022",
        "eddsa-rdfc-2022",
        "ecdsa-jcs-2019",
        "ecdsa-rdfc-2019",
        "vc+jwt",
    ] {
        let asked = json!({ "credential": credential(), "options": { "cryptosuite": suite } });
        let (status, issued) = api.post("/credentials/issue", &asked).await;
        assert_eq!(status, 201, "{suite}: {issued}");
        let mut signed = issued["verifiableCredential"].clone();
        let asked = json!({ "verifiableCredential": signed });
        let (status, answer) = api.post("/credentials/verify", &asked).await;
        assert_eq!(
            (status, &answer["verified"]),
            (200, &json!(true)),
            "{suite}: {answer}"
        );
        if suite == "vc+jwt" {
            signed["@context"] = json!([]);
            let asked = json!({ "verifiableCredential": signed });
            let (status, answer) = api.post("/credentials/verify", &asked).await;
            assert_eq!((status, &answer["verified"]), (400, &json!(false)));
            assert_eq!(answer["problemDetails"][0]["title"], "context_missing");
            continue;
        }
        signed["credentialSubject"]["name"] = json!("Eve");
        let asked = json!({ "verifiableCredential": signed });
        let (status, answer) = api.post("/credentials/verify", &asked).await;
        assert_eq!((status, &answer["verified"]), (400, &json!(false)));
        assert_eq!(answer["problemDetails"][0]["title"], "proof_bad_signature");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_make_no_sense_are_answered_with_a_problem() {
    let api = Api::start();
    let mut foreign = credential();
    foreign["issuer"] = json!("did:example:other");
    let mut undefined = credential();
    undefined["credentialSubject"]["undefined"] = json!(1);
    for (path, body, code) in [
        ("/credentials/issue", json!({}), "request_malformed"),
        (
            "/credentials/issue",
            json!({ "credential": credential(), "options": { "cryptosuite": "x" } }),
            "cryptosuite_unknown",
        ),
        (
            "/credentials/issue",
            json!({ "credential": foreign }),
            "vc_wrong_issuer",
        ),
        (
            "/credentials/issue",
            json!({ "credential": undefined }),
            "jsonld_undefined",
        ),
        (
            "/credentials/verify",
            json!({ "verifiableCredential": credential() }),
            "vc_issuer_malformed",
        ),
        (
            "/presentations/verify",
            json!({ "verifiablePresentation": {} }),
            "challenge_missing",
        ),
        (
            "/presentations/verify",
            json!({ "verifiablePresentation": {}, "options": { "challenge": "c" } }),
            "vc_context_order",
        ),
    ] {
        let (status, answer) = api.post(path, &body).await;
        assert_eq!(
            (status, answer["problemDetails"][0]["title"].as_str()),
            (400, Some(code)),
            "{path} {body}"
        );
    }
    let twice = r#"{"credential":{},"credential":{}}"#;
    let response = api
        .http
        .post(format!("{}/credentials/issue", api.url))
        .body(twice)
        .send()
        .await
        .unwrap();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["problemDetails"][0]["title"], "duplicate_member");
    assert!(api.issuer.starts_with("did:key:z6Mk"));
}

#[test]
fn it_does_not_listen_where_others_could_reach_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(PROGRAM)
        .args(["vc-api", "--listen", "0.0.0.0:0", "--key-file"])
        .arg(folder.path().join("issuer.key"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("vc_api_not_loopback"));
    assert!(!folder.path().join("issuer.key").exists());
}
