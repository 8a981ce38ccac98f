//! An issuing station and strangers: copies that two verifiers compare, codes and PINs that somebody guesses, tokens that somebody
//! else uses. The wallet here is a bare one, made of the protocol alone.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_exchange::{
    TrustList,
    issuance::{
        credential::{CredentialRequest, CredentialResponse, Wanted, read_nonce},
        dpop::{self, Proven},
        offer::{CredentialOffer, OfferLink},
        proof,
        token::{TokenRequest, TokenResponse, error_code},
    },
    trust::verify_first,
};
use carnet_fetch::{Client, Limits, Pin, Response};
use carnet_tests::{Desk, Station};
use jiff::Timestamp;
use p256::ecdsa::SigningKey;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

const LIMITS: Limits = Limits::bytes(1 << 20);

struct Scene {
    _folder: TempDir,
    station: Station,
    desk: Desk,
    client: Client,
    runtime: tokio::runtime::Runtime,
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

fn key() -> SigningKey {
    SigningKey::from_slice(&random::<32>()).unwrap()
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let station = Station::start_as(
        &folder.path().join("station"),
        "Sunrise Insurance",
        "clinic,issuer",
    )
    .unwrap();
    let desk = Desk::at(&station).unwrap();
    let compact = std::fs::read_to_string(&station.trust_list).unwrap();
    let (list, _): (TrustList, _) = verify_first(compact.trim(), Timestamp::now()).unwrap();
    let pins = list.entries.iter().map(|entry| {
        let pin = URL_SAFE_NO_PAD
            .decode(&entry.local.as_ref().unwrap().spki_sha256)
            .unwrap();
        Pin {
            origin: entry.origins[0].clone(),
            spki_sha256: pin.try_into().unwrap(),
            local: true,
        }
    });
    Scene {
        client: Client::new(pins).unwrap(),
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap(),
        _folder: folder,
        station,
        desk,
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

impl Scene {
    fn offer(&self) -> Value {
        let claims = json!({ "insurer": "Sunrise", "plan": "Family", "member_number": "S-77", "valid_until": "2031-12-31" });
        let body = json!({ "template": "insurance", "claims": claims });
        let (status, value) = self.desk.call("POST", "/api/cards/offers", Some(&body)).unwrap();
        assert_eq!(status, 200, "{value}");
        value
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&self.station.public_url).unwrap().join(path).unwrap()
    }

    fn get(&self, url: &Url) -> Response {
        self.runtime.block_on(self.client.get(url, LIMITS)).unwrap()
    }

    fn post(
        &self,
        path: &str,
        token: Option<&str>,
        by: &SigningKey,
        kind: &'static str,
        body: String,
    ) -> Response {
        let url = self.url(path);
        let proven = Proven {
            method: "POST",
            url: &url,
            token,
        };
        let proof = dpop::make(&proven, None, by, random(), Timestamp::now());
        self.send(&url, token, &proof, kind, body)
    }

    fn send(
        &self,
        url: &Url,
        token: Option<&str>,
        proof: &str,
        kind: &'static str,
        body: String,
    ) -> Response {
        let authorization = token.map(|token| format!("DPoP {token}"));
        let mut headers = vec![("dpop", proof)];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        let sent = self
            .client
            .post_with(url, kind, &headers, body.into_bytes(), LIMITS);
        self.runtime.block_on(sent).unwrap()
    }

    /// The code behind an offer's link.
    fn code(&self, offer: &Value) -> String {
        let OfferLink::Reference(url) = text(offer, "uri").parse().unwrap() else {
            panic!("an offer by value");
        };
        let found = CredentialOffer::parse(&self.get(&url).body).unwrap();
        found.pre_authorized.unwrap().code
    }

    fn redeem(&self, code: &str, pin: Option<&str>, by: &SigningKey) -> Result<TokenResponse, String> {
        let request = TokenRequest::PreAuthorized {
            code: code.to_owned(),
            tx_code: pin.map(str::to_owned),
        };
        let form = "application/x-www-form-urlencoded";
        let response = self.post("/issue/token", None, by, form, request.form_body());
        if response.status == 200 {
            Ok(TokenResponse::parse(&response.body).unwrap())
        } else {
            Err(error_code(&response.body).unwrap())
        }
    }

    fn request(&self, keys: &[SigningKey]) -> String {
        let nonce =
            self.runtime.block_on(
                self.client
                    .post(&self.url("/issue/nonce"), "text/plain", vec![], LIMITS),
            );
        let nonce = read_nonce(&nonce.unwrap().body).unwrap();
        let proofs = keys
            .iter()
            .map(|key| proof::make(&self.station.public_url, Some(&nonce), key, Timestamp::now()));
        let request = CredentialRequest {
            wanted: Wanted::Configuration("insurance".to_owned()),
            proofs: proofs.collect(),
        };
        request.to_value().to_string()
    }

    fn copies(&self, token: &str, by: &SigningKey, count: usize) -> Vec<String> {
        let keys: Vec<SigningKey> = (0..count).map(|_| key()).collect();
        let response = self.post(
            "/issue/credential",
            Some(token),
            by,
            "application/json",
            self.request(&keys),
        );
        match CredentialResponse::parse(&response.body, count).unwrap() {
            CredentialResponse::Now { credentials, .. } => credentials
                .iter()
                .map(|copy| copy.as_str().unwrap().to_owned())
                .collect(),
            CredentialResponse::Later { .. } => panic!("later"),
        }
    }

    fn state(&self, offer: &Value) -> Value {
        let (_, value) = self
            .desk
            .call("GET", &format!("/api/cards/offers/{}", text(offer, "id")), None)
            .unwrap();
        value
    }
}

/// Every value of a signed text that is not the same for everybody who got such a card on that day.
fn own_values(copy: &str) -> HashSet<String> {
    let mut parts = copy.trim_end_matches('~').split('~');
    let jwt = parts.next().unwrap();
    let mut own: HashSet<String> = parts.map(str::to_owned).collect();
    for disclosure in own.clone() {
        let opened: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&disclosure).unwrap()).unwrap();
        own.insert(text(&json!({ "salt": opened[0] }), "salt").to_owned());
    }
    let pieces: Vec<&str> = jwt.split('.').collect();
    own.insert(pieces[2].to_owned());
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(pieces[1]).unwrap()).unwrap();
    for (name, value) in payload.as_object().unwrap() {
        match name.as_str() {
            // The same for everybody: who issued what kind, on which day, until when.
            "iss" | "vct" | "_sd_alg" | "exp" => {}
            "iat" => assert_eq!(
                value.as_i64().unwrap() % 86_400,
                0,
                "the moment of issue tells people apart"
            ),
            "_sd" => own.extend(value.as_array().unwrap().iter().map(ToString::to_string)),
            "status" => drop(own.insert(value["status_list"]["idx"].to_string())),
            "cnf" => own.extend(["x", "y"].map(|part| text(&value["jwk"], part).to_owned())),
            other => panic!("{other} stands in the clear"),
        }
    }
    own
}

#[test]
fn two_verifiers_who_compare_copies_find_nothing_in_common() {
    let scene = scene();
    let offer = scene.offer();
    let by = key();
    let token = scene
        .redeem(&scene.code(&offer), Some(text(&offer, "pin")), &by)
        .unwrap();
    let mut seen: HashSet<String> = HashSet::new();
    for copy in scene.copies(&token.access_token, &by, 20) {
        let own = own_values(&copy);
        // 4 disclosures with their salts, a signature, 6 digests, a status place, a key of two halves.
        assert!(own.len() >= 18, "{own:?}");
        let common: Vec<_> = own.intersection(&seen).collect();
        assert!(common.is_empty(), "{common:?}");
        seen.extend(own);
    }
}

#[test]
fn an_offer_that_is_unknown_used_or_foreign_looks_the_same() {
    let scene = scene();
    let offer = scene.offer();
    let code = scene.code(&offer);
    let unknown = scene.get(&scene.url("/issue/offers/AAAAAAAAAAAAAAAAAAAAAA"));
    let by = key();
    scene.redeem(&code, Some(text(&offer, "pin")), &by).unwrap();
    let used = scene.get(&scene.url(&format!("/issue/offers/{}", text(&offer, "id"))));
    let garbage = scene.get(&scene.url("/issue/offers/1"));
    for other in [&used, &garbage] {
        assert_eq!((other.status, &other.body), (unknown.status, &unknown.body));
    }
    assert_eq!(unknown.status, 404);
    // The same for codes: one that never was, one that was used, one of another offer with a letter changed.
    let refusal = |code: &str| scene.redeem(code, Some("123456"), &by).unwrap_err();
    let other = scene.code(&scene.offer());
    let altered = format!(
        "{}{}",
        &other[..other.len() - 1],
        if other.ends_with('A') { 'Q' } else { 'A' }
    );
    for code in ["x", &code, &altered, "AAAAAAAAAAAAAAAAAAAAAA.AAAA"] {
        assert_eq!(refusal(code), "invalid_grant");
    }
}

#[test]
fn a_pin_is_guessed_five_times_and_a_missing_one_costs_nothing() {
    let scene = scene();
    let offer = scene.offer();
    let (code, by) = (scene.code(&offer), key());
    let right = text(&offer, "pin").to_owned();
    assert_eq!(scene.redeem(&code, None, &by).unwrap_err(), "invalid_request");
    assert_eq!(scene.state(&offer)["tries_left"], 5);
    let wrong = (0..1_000_000)
        .map(|n| format!("{n:06}"))
        .filter(|pin| *pin != right);
    for pin in wrong.take(5) {
        assert_eq!(scene.redeem(&code, Some(&pin), &by).unwrap_err(), "invalid_grant");
    }
    assert_eq!(
        scene.redeem(&code, Some(&right), &by).unwrap_err(),
        "invalid_grant"
    );
    let state = scene.state(&offer);
    assert_eq!((&state["state"], &state["pin"]), (&json!("locked"), &Value::Null));
    // Another patient's offer is not touched by it.
    let other = scene.offer();
    assert!(
        scene
            .redeem(&scene.code(&other), Some(text(&other, "pin")), &by)
            .is_ok()
    );
}

#[test]
fn a_token_is_of_no_use_without_its_key_or_for_another_card() {
    let scene = scene();
    let offer = scene.offer();
    let (by, thief) = (key(), key());
    let token = scene
        .redeem(&scene.code(&offer), Some(text(&offer, "pin")), &by)
        .unwrap()
        .access_token;
    let refused = |response: &Response| error_code(&response.body).unwrap();
    let json = "application/json";
    let ask = |token: &str, by: &SigningKey, body: String| {
        refused(&scene.post("/issue/credential", Some(token), by, json, body))
    };
    assert_eq!(ask(&token, &thief, scene.request(&[key()])), "invalid_dpop_proof");
    assert_eq!(ask("AAAA", &by, scene.request(&[key()])), "invalid_token");
    let other = scene.request(&[key()]).replace("\"insurance\"", "\"identity\"");
    assert_eq!(ask(&token, &by, other), "unknown_credential_configuration");
    // A proof that was seen once is not taken again.
    let url = scene.url("/issue/credential");
    let proven = Proven {
        method: "POST",
        url: &url,
        token: Some(&token),
    };
    let proof = dpop::make(&proven, None, &by, random(), Timestamp::now());
    let first = scene.send(&url, Some(&token), &proof, json, scene.request(&[key()]));
    assert_eq!(first.status, 200);
    let again = scene.send(&url, Some(&token), &proof, json, scene.request(&[key()]));
    assert_eq!(refused(&again), "invalid_dpop_proof");
    let many: Vec<SigningKey> = (0..21).map(|_| key()).collect();
    assert_eq!(
        ask(&token, &by, scene.request(&many)),
        "invalid_credential_request"
    );
}
