//! The least that a wallet has to do, built from the same protocol crate.

use carnet_consent::{Consent, GrantId, Salt, Scope, code};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    RequestLink, TrustList,
    answer::{self, CarnetPart, GrantTuple, Presentations},
    delivery,
    manage::{self, ManageReply, ManageRequest, Op, OpResult},
    promise::{self, Expected, Operation},
    registry::RevocationProof,
    request::{self, VerifiedRequest},
    trust::verify_first,
};
use carnet_ledger::{
    Address, Domain, Grant, Proof, address_of, grant_id, revoke_hash, sign_grant, sign_revocation,
};
use jiff::Timestamp;
use p256::{SecretKey, ecdsa::SigningKey};

use super::{Reply, Station, reply};

/// The scope of what is asked for where it doesn't matter what.
pub(crate) const ALLERGIES: &str = "patient/AllergyIntolerance.rs";
/// One record of that kind, as it is delivered.
pub(crate) const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"AllergyIntolerance","id":"a1","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"text":"Penicillin"},"patient":{"reference":"Patient/p1"}}}]}"#;

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

fn ephemeral() -> SecretKey {
    SecretKey::from_slice(&random::<32>()).unwrap()
}

/// A patient's keys and the list they trust.
pub(crate) struct Wallet {
    list: TrustList,
    holder: SigningKey,
}

/// An answer, made and not yet sent.
pub(crate) struct Answer {
    pub(crate) request: VerifiedRequest,
    pub(crate) jwe: String,
    pub(crate) delivery: String,
    pub(crate) grant_id: GrantId,
    pub(crate) code: String,
    domain: Domain,
    grant: Grant,
    pub(crate) tuple: GrantTuple,
    ledger_key: k256::ecdsa::SigningKey,
}

impl Wallet {
    pub(crate) fn new(station: &Station) -> Self {
        let text = std::fs::read_to_string(&station.trust_list).unwrap();
        let (list, _) = verify_first(text.trim(), Timestamp::now()).unwrap();
        Self {
            list,
            holder: SigningKey::from(ephemeral()),
        }
    }

    pub(crate) fn list(&self) -> &TrustList {
        &self.list
    }

    /// Reads the code, fetches and checks the question.
    pub(crate) async fn question(&self, station: &Station, link: &str) -> VerifiedRequest {
        let link: RequestLink = link.parse().unwrap();
        let response = station.http.get(link.request_uri.clone()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()["content-type"],
            carnet_exchange::media::REQUEST
        );
        let compact = response.text().await.unwrap();
        request::verify(&compact, &link, &self.list, Timestamp::now()).unwrap()
    }

    /// Grants these scopes; `records` is the Bundle to be delivered.
    pub(crate) fn answer(&self, request: VerifiedRequest, granted: &[&str], records: &str) -> Answer {
        self.answer_showing(request, granted, records, Presentations::new())
    }

    /// The same with cards beside it.
    pub(crate) fn answer_showing(
        &self,
        request: VerifiedRequest,
        granted: &[&str],
        records: &str,
        cards: Presentations,
    ) -> Answer {
        let granted: Vec<Scope> = granted.iter().map(|scope| scope.parse().unwrap()).collect();
        let asked = request.consent.as_ref().unwrap();
        let delivery = delivery::seal(
            records.as_bytes(),
            &asked.delivery_key,
            &request.digest,
            &random(),
        )
        .unwrap();
        let thumbprint = PublicKey::from(&self.holder);
        let consent = Consent::from_request(
            &asked.request,
            &granted,
            carnet_consent::Digest32(request.digest),
            thumbprint.thumbprint_text(),
            delivery::digest(&delivery),
        );
        let salt = Salt(random());
        let ledger_key = k256::ecdsa::SigningKey::from_slice(&random::<32>()).unwrap();
        let grant = Grant {
            subject: address_of(&ledger_key),
            commitment: consent.commitment(&salt).0,
            not_before: consent.period.start.as_second().unsigned_abs(),
            expiry: consent.period.end.as_second().unsigned_abs(),
            revoke_hash: revoke_hash(&random()),
        };
        let domain = Domain {
            chain_id: consent.ledger.chain_id.parse().unwrap(),
            registry: consent.ledger.registry.parse::<Address>().unwrap(),
        };
        let grant_id = GrantId(grant_id(&domain, &grant));
        let tuple = GrantTuple {
            subject: grant.subject.0,
            commitment: grant.commitment,
            not_before: grant.not_before,
            expiry: grant.expiry,
            revoke_hash: grant.revoke_hash,
        };
        let part = CarnetPart {
            grant: tuple,
            signature: sign_grant(&domain, &grant, &ledger_key),
            salt,
            consent,
        };
        let presentation =
            answer::build_presentation(&request, &part.consent, &grant_id, &self.holder, Timestamp::now())
                .unwrap();
        let mut presentations = cards;
        presentations.insert(asked.holder_query.clone(), vec![presentation]);
        let jwe = answer::seal(&request, &presentations, Some(&part), &ephemeral(), random()).unwrap();
        let code = code(&request.digest, &thumbprint.thumbprint(), &grant_id.0).to_string();
        Answer {
            request,
            jwe,
            delivery,
            grant_id,
            code,
            domain,
            grant,
            tuple,
            ledger_key,
        }
    }

    pub(crate) async fn manage(&self, station: &Station, ops: Vec<Op>) -> Vec<OpResult> {
        let request = ManageRequest {
            aud: format!("{}/manage", station.public_url),
            iat: Timestamp::now().as_second(),
            jti: hex::encode(random::<16>()),
            ops,
        };
        let body = manage::sign(&request, &self.holder).unwrap();
        let url = format!("{}/manage", station.public_url);
        let sent = station
            .http
            .post(url)
            .header("content-type", carnet_exchange::media::MANAGE)
            .body(body);
        let body = sent.send().await.unwrap().bytes().await.unwrap();
        assert_eq!(
            body.len() % carnet_exchange::limits::MANAGE_BLOCK,
            0,
            "{}",
            String::from_utf8_lossy(&body)
        );
        ManageReply::read(&body).unwrap().results
    }
}

impl Answer {
    pub(crate) fn id(&self) -> String {
        self.grant_id.to_string()
    }

    pub(crate) async fn send(&self, station: &Station) -> Reply {
        send(station, &self.request, &self.jwe).await
    }

    /// Sends it and believes the promise only by the list's log key.
    pub(crate) async fn promised(&self, station: &Station, wallet: &Wallet) -> String {
        let sent = self.send(station).await;
        let promise = sent.body["carnet_promise"]
            .as_str()
            .unwrap_or_else(|| panic!("{sent:?}"))
            .to_owned();
        let expected = Expected {
            grant_id: &self.grant_id,
            operation: Operation::Grant,
            ledger: &self.request.consent.as_ref().unwrap().request.ledger,
            now: Timestamp::now(),
        };
        let entry = wallet.list.by_client_id(&self.request.client_id).unwrap();
        promise::verify(&promise, &entry.log_keys, &expected).unwrap();
        promise
    }

    pub(crate) async fn ledger_status(&self, station: &Station) -> String {
        let url = format!("{}/ledger/grants/{}", station.public_url, self.grant_id);
        let status = reply(station.http.get(url).send().await.unwrap()).await;
        status.body["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn deliver(&self, station: &Station) -> Reply {
        deliver(station, &self.request, &self.delivery).await
    }

    pub(crate) fn revoke(&self) -> Op {
        Op::Revoke {
            grant_id: self.grant_id,
            grant: self.tuple,
            proof: RevocationProof::Signature(sign_revocation(
                &self.domain,
                &self.grant_id.0,
                &self.ledger_key,
            )),
        }
    }

    /// What a ledger takes.
    pub(crate) fn granted(&self) -> (Grant, [u8; 65]) {
        (
            self.grant,
            sign_grant(&self.domain, &self.grant, &self.ledger_key),
        )
    }

    pub(crate) fn taken_back(&self) -> (Grant, Proof) {
        let signature = sign_revocation(&self.domain, &self.grant_id.0, &self.ledger_key);
        (self.grant, Proof::Signature(signature))
    }

    pub(crate) fn revocation_body(&self) -> serde_json::Value {
        let signature = sign_revocation(&self.domain, &self.grant_id.0, &self.ledger_key);
        serde_json::json!({ "grant": self.grant, "signature": format!("0x{}", hex::encode(signature)) })
    }
}

pub(crate) async fn send(station: &Station, request: &VerifiedRequest, jwe: &str) -> Reply {
    let form = answer::form_body(jwe);
    let sent = station
        .http
        .post(request.response_uri.clone())
        .header("content-type", carnet_exchange::media::FORM)
        .body(form);
    reply(sent.send().await.unwrap()).await
}

pub(crate) async fn deliver(station: &Station, request: &VerifiedRequest, sealed: &str) -> Reply {
    let sent = station
        .http
        .post(request.consent.as_ref().unwrap().request.delivery.uri.clone())
        .header("content-type", delivery::media_type(sealed))
        .body(sealed.to_owned());
    reply(sent.send().await.unwrap()).await
}

pub(crate) fn denial(request: &VerifiedRequest) -> String {
    answer::seal_denial(request, &ephemeral(), random()).unwrap()
}
