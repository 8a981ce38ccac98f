//! Cards that a clinic asks for, shown over real TLS.

use carnet_credentials::{
    jwk::PublicKey,
    sd_jwt::{self, ClaimPath, Issuance},
};
use carnet_wallet_core::{Choice, ChosenCard, Described, ReceiptForm, views::QuestionView};
use serde_json::{Map, Value, json};

use super::{
    ALLERGIES, Patient,
    cards::{insurer, key, now, payload},
    station::{Conduct, Station},
};
use carnet_exchange::trust::Role;

const VCT: &str = "https://sunrise.example/types/InsuranceCover/1";

fn path(steps: &Value) -> ClaimPath {
    ClaimPath::from_json(steps).unwrap()
}

/// A card whose every claim can be withheld but one.
fn card(holder: &Value, plan: &str) -> String {
    let holder = PublicKey::from_jwk(&holder["jwk"]).unwrap();
    let Value::Object(claims) = json!({
        "iss": "https://sunrise.example",
        "vct": VCT,
        "iat": now(),
        "exp": now() + 86_400,
        "plan": plan,
        "name": { "given": "Maria", "family": "Duarte" },
        "member_number": "S-77",
        "country": "PT",
    }) else {
        unreachable!()
    };
    let disclosable = [
        path(&json!(["plan"])),
        path(&json!(["name"])),
        path(&json!(["name", "given"])),
        path(&json!(["name", "family"])),
        path(&json!(["member_number"])),
    ];
    let issuance = Issuance {
        claims,
        disclosable: &disclosable,
        salts: &[[1; 16], [2; 16], [3; 16], [4; 16], [5; 16]],
        decoys: &[],
        holder: &holder,
        header: Map::new(),
    };
    sd_jwt::issue(&issuance, &key(41)).unwrap()
}

/// A patient with a card for the clinic, and the key that the clinic knows them by.
async fn insured() -> (Station, Patient, Value) {
    let station = Station::start().await;
    let patient = Patient::with(&station);
    let list = station.trust_list_with(2, vec![insurer(vec![Role::Issuer])]);
    patient.wallet.take_trust(list.as_bytes()).unwrap();
    let link = station.ask(&[(ALLERGIES, true)]);
    let done = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap();
    let receipt = patient
        .wallet
        .issue_receipt(&done.consent_id.unwrap(), ReceiptForm::SdJwt)
        .unwrap();
    let holder = payload(&String::from_utf8(receipt.bytes).unwrap())["cnf"].clone();
    patient
        .wallet
        .import_credential(card(&holder, "Family").as_bytes())
        .unwrap();
    (station, patient, holder)
}

fn asking(more: &Value) -> Value {
    let mut query = json!({ "id": "insurance", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] } });
    for (name, value) in more.as_object().unwrap() {
        query[name] = value.clone();
    }
    json!({ "credentials": [query] })
}

fn for_plan() -> Value {
    asking(&json!({ "claims": [{ "path": ["plan"] }, { "path": ["name", "given"] }] }))
}

fn chosen(question: &QuestionView, query: &str) -> ChosenCard {
    let asked = question.cards.iter().find(|card| card.query == query).unwrap();
    ChosenCard {
        query: query.to_owned(),
        card: asked.options[0].card.clone(),
    }
}

fn would_show(question: &QuestionView) -> Vec<(String, String)> {
    question.cards[0].options[0]
        .shown
        .iter()
        .map(|line| (line.label.clone(), line.value.clone()))
        .collect()
}

fn pairs(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines
        .iter()
        .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_card_alone_is_shown_exactly_as_the_screen_said() {
    let (station, patient, _) = insured().await;
    let link = station.ask_query(&[], &for_plan());
    let question = patient.wallet.inspect(&link).await.unwrap();
    assert!(question.items.is_empty() && question.period.is_none() && question.retention_days.is_none());
    assert!(question.cards[0].required && !question.cards[0].multiple);
    assert_eq!(question.cards[0].kinds, ["Insurance cover"]);
    // What can't be withheld is on the screen too.
    let screen = would_show(&question);
    assert_eq!(
        screen,
        pairs(&[("Country", "PT"), ("Name · Given", "Maria"), ("Plan", "Family")])
    );
    let before = patient.wallet.activity().unwrap().len();
    let nothing = Choice::Scopes(Vec::new());
    let refused = |cards: Vec<ChosenCard>| {
        let wallet = &patient.wallet;
        let (link, nothing) = (&link, &nothing);
        async move { wallet.answer(link, nothing, &cards).await.unwrap_err().code() }
    };
    let good = chosen(&question, "insurance");
    let other = |query: &str, card: &str| ChosenCard {
        query: query.to_owned(),
        card: card.to_owned(),
    };
    assert_eq!(refused(vec![]).await, "nothing_chosen");
    assert_eq!(refused(vec![other("other", &good.card)]).await, "card_not_asked");
    assert_eq!(refused(vec![other("insurance", "ffff")]).await, "no_such_card");
    assert_eq!(refused(vec![other("insurance", "")]).await, "no_such_card");
    assert_eq!(refused(vec![good.clone(), good.clone()]).await, "several_cards");
    let records = Choice::Scopes(vec![ALLERGIES.to_owned()]);
    let error = patient
        .wallet
        .answer(&link, &records, std::slice::from_ref(&good))
        .await;
    assert_eq!(error.unwrap_err().code(), "not_asked");
    assert_eq!(patient.wallet.activity().unwrap().len(), before);

    let done = patient.wallet.answer(&link, &nothing, &[good]).await.unwrap();
    assert_eq!((done.state.as_str(), done.shown, done.records), ("shown", 1, 0));
    assert_eq!(done.consent_id, None);
    assert_eq!(done.code.as_deref().map(str::len), Some(4));
    {
        let seen = station.seen();
        assert_eq!(seen.shown.len(), 1);
        let claims = Value::Object(seen.shown[0].claims.clone());
        assert_eq!(
            claims,
            json!({ "plan": "Family", "name": { "given": "Maria" }, "country": "PT" })
        );
        assert!(
            seen.other_paths.is_empty(),
            "the address in the reply was not opened"
        );
    }
    let line = patient.wallet.activity().unwrap().remove(0);
    assert_eq!(line.what, "shown");
    assert_eq!(line.who.as_deref(), Some("Northgate Clinic"));
    assert_eq!(
        line.shown,
        [
            "Insurance cover: Country",
            "Insurance cover: Name · Given",
            "Insurance cover: Plan"
        ]
    );
    let again = patient.wallet.answer(&link, &nothing, &[]).await.unwrap_err();
    assert_eq!(again.code(), "already_answered");
    assert_eq!(patient.wallet.consents().unwrap().len(), 1, "nothing was granted");
}

#[tokio::test]
async fn records_and_a_card_go_in_one_answer() {
    let (station, patient, _) = insured().await;
    let link = station.ask_query(&[(ALLERGIES, true)], &for_plan());
    let question = patient.wallet.inspect(&link).await.unwrap();
    assert_eq!((question.items.len(), question.cards.len()), (1, 1));
    let card = chosen(&question, "insurance");
    // DCQL asks for both: one alone is no answer.
    let alone = patient.wallet.answer(&link, &Choice::All, &[]).await.unwrap_err();
    assert_eq!(alone.code(), "cards_missing");
    let nothing = Choice::Scopes(Vec::new());
    let alone = patient
        .wallet
        .answer(&link, &nothing, std::slice::from_ref(&card))
        .await;
    assert_eq!(alone.unwrap_err().code(), "nothing_chosen");
    let done = patient.wallet.answer(&link, &Choice::All, &[card]).await.unwrap();
    assert_eq!((done.state.as_str(), done.shown, done.records), ("granted", 1, 1));
    assert_eq!(station.seen().shown.len(), 1);
}

// ATTACKS 14
#[tokio::test]
async fn what_is_asked_for_decides_what_is_shown_and_nothing_listed_shows_nothing() {
    let (station, patient, _) = insured().await;
    let shown = async |more: Value| {
        let link = station.ask_query(&[], &asking(&more));
        let question = patient.wallet.inspect(&link).await.unwrap();
        (!question.cards[0].options.is_empty()).then(|| would_show(&question))
    };
    assert_eq!(shown(json!({})).await.unwrap(), pairs(&[("Country", "PT")]));
    let all = json!([
        { "path": ["plan"] }, { "path": ["name"] }, { "path": ["member_number"] }, { "path": ["country"] },
    ]);
    assert_eq!(shown(json!({ "claims": all })).await.unwrap().len(), 5);
    assert_eq!(shown(json!({ "claims": [{ "path": ["ssn"] }] })).await, None);
    assert_eq!(
        shown(json!({ "claims": [{ "path": ["plan"], "values": ["Single"] }] })).await,
        None
    );
    let by = |id: &str| json!({ "trusted_authorities": [{ "type": "urn:carnet:listed-issuer:1", "values": [id] }] });
    assert!(shown(by("sunrise")).await.is_some());
    assert!(shown(by("northgate")).await.is_none());
    assert!(
        shown(json!({ "trusted_authorities": [{ "type": "etsi_tl", "values": ["x"] }] }))
            .await
            .is_none()
    );
    assert!(
        shown(json!({ "meta": { "vct_values": ["urn:other:1"] } }))
            .await
            .is_none()
    );
}

// ATTACKS 23: a card that one organisation knows the patient by is for nobody else.
#[tokio::test]
async fn a_card_for_one_clinic_is_not_offered_to_another() {
    let (station, patient, holder) = insured().await;
    let elsewhere = Station::start().await;
    let mut stranger = Patient::with(&elsewhere);
    let list = elsewhere.trust_list_with(2, vec![insurer(vec![Role::Issuer])]);
    stranger.wallet.take_trust(list.as_bytes()).unwrap();
    // Somebody else's wallet does not even take it.
    let theirs = stranger
        .wallet
        .import_credential(card(&holder, "Family").as_bytes());
    assert_eq!(theirs.unwrap_err().code(), "card_not_yours");
    // One that is bound to nobody is shown only where no proof of holding is asked for.
    let bearer = carnet_credentials::jws::sign(
        "dc+sd-jwt",
        Map::new(),
        json!({ "iss": "https://sunrise.example", "vct": "urn:bearer:1", "tier": "gold" })
            .to_string()
            .as_bytes(),
        &key(41),
    ) + "~";
    stranger = stranger.restarted();
    stranger.wallet.import_credential(bearer.as_bytes()).unwrap();
    for (binding, offered) in [(true, 0), (false, 1)] {
        let query = asking(&json!({
            "meta": { "vct_values": ["urn:bearer:1"] },
            "require_cryptographic_holder_binding": binding,
            "claims": [{ "path": ["tier"] }],
        }));
        let link = elsewhere.ask_query(&[], &query);
        let question = stranger.wallet.inspect(&link).await.unwrap();
        assert_eq!(question.cards[0].options.len(), offered);
        if offered == 1 {
            let card = chosen(&question, "insurance");
            let nothing = Choice::Scopes(Vec::new());
            let done = stranger.wallet.answer(&link, &nothing, &[card]).await.unwrap();
            assert_eq!(done.shown, 1);
        }
    }
    drop((station, patient));
}

// ATTACKS 40
#[tokio::test]
async fn between_alternatives_only_the_patient_chooses() {
    let (station, patient, _) = insured().await;
    let one = |id: &str, claims: Value| json!({ "id": id, "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] }, "claims": claims });
    let query = json!({
        "credentials": [
            one("proof", json!([{ "path": ["of_age"] }])),
            one("plain", json!([{ "path": ["name"] }, { "path": ["plan"] }])),
            one("plan", json!([{ "path": ["plan"] }])),
        ],
        "credential_sets": [
            { "options": [["proof"], ["plain"]] },
            { "options": [["plan"]], "required": false },
        ],
    });
    let link = station.ask_query(&[], &query);
    let question = patient.wallet.inspect(&link).await.unwrap();
    let options: Vec<usize> = question.cards.iter().map(|card| card.options.len()).collect();
    assert_eq!(options, [0, 1, 1]);
    assert!(question.cards.iter().all(|card| !card.required));
    assert_eq!(question.card_choices.len(), 2);
    assert_eq!(question.card_choices[0].options, [["proof"], ["plain"]]);
    assert!(question.card_choices[0].required && !question.card_choices[1].required);
    // Nothing chosen, nothing shown: the fallback is not taken by itself.
    for choice in [Choice::All, Choice::Required, Choice::Scopes(Vec::new())] {
        let error = patient.wallet.answer(&link, &choice, &[]).await.unwrap_err();
        assert_eq!(error.code(), "nothing_chosen");
    }
    let nothing = Choice::Scopes(Vec::new());
    let optional = chosen(&question, "plan");
    let error = patient
        .wallet
        .answer(&link, &nothing, std::slice::from_ref(&optional))
        .await;
    assert_eq!(error.unwrap_err().code(), "cards_missing");
    let cards = [chosen(&question, "plain"), optional];
    let done = patient.wallet.answer(&link, &nothing, &cards).await.unwrap();
    assert_eq!(done.shown, 2);
    assert!(station.seen().shown.iter().any(|card| card.query == "plain"));
}

#[tokio::test]
async fn a_no_is_the_same_whether_or_not_there_is_such_a_card() {
    let (station, patient, _) = insured().await;
    for vct in [VCT, "urn:nobody:has:this:1"] {
        let link = station.ask_query(&[], &asking(&json!({ "meta": { "vct_values": [vct] } })));
        let done = patient.wallet.deny(&link).await.unwrap();
        assert_eq!((done.state.as_str(), done.consent_id), ("denied", None));
    }
    assert_eq!(station.seen().denied, 2);
    assert!(station.seen().shown.is_empty());
    assert_eq!(patient.wallet.consents().unwrap().len(), 1);
}

#[tokio::test]
async fn a_question_stays_open_while_nothing_has_left_and_is_closed_once_something_may_have() {
    let (station, patient, _) = insured().await;
    let link = station.ask_query(&[], &for_plan());
    let question = patient.wallet.inspect(&link).await.unwrap();
    let (nothing, card) = (Choice::Scopes(Vec::new()), [chosen(&question, "insurance")]);
    station.behave(Conduct::RefusesCards);
    let error = patient.wallet.answer(&link, &nothing, &card).await.unwrap_err();
    assert_eq!(error.code(), "card_not_taken");
    assert_eq!(
        patient.wallet.activity().unwrap()[0].what,
        "shown",
        "they may have seen it"
    );
    let again = patient.wallet.answer(&link, &nothing, &card).await.unwrap_err();
    assert_eq!(again.code(), "already_answered");
}
