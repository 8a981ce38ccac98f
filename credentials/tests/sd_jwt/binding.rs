//! Proofs of holding, and receiving a credential.

use carnet_credentials::issuer::IssuerError;

use super::*;

#[test]
fn a_proof_for_another_session_is_refused() {
    let good = shown(&[]);
    let check = |change: &dyn Fn(&mut Expect<'static>)| {
        let mut expect = expect();
        change(&mut expect);
        sd_jwt::check(&good, &expect).unwrap_err()
    };
    assert_eq!(check(&|e| e.aud = "other"), SdJwtError::WrongAudience);
    assert_eq!(check(&|e| e.nonce = "other"), SdJwtError::WrongNonce);
    assert_eq!(check(&|e| e.credential.vct = "other"), SdJwtError::WrongType);
    assert_eq!(
        check(&|e| e.credential.now += SignedDuration::from_secs(361)),
        SdJwtError::Stale
    );
    assert_eq!(
        check(&|e| e.credential.now -= SignedDuration::from_secs(61)),
        SdJwtError::Stale
    );
    assert_eq!(
        check(&|e| e.credential.now += SignedDuration::from_hours(2)),
        SdJwtError::Expired
    );
    assert_eq!(
        check(&|e| e.credential.issuer = Issuer::SelfIssued),
        SdJwtError::Issuer(IssuerError::WrongIssuer)
    );
    let with_key = |e: &mut Expect<'static>| {
        e.credential.issuer = Issuer::Key {
            iss: "https://issuer.example",
            key: public(9),
        };
    };
    assert_eq!(check(&with_key).code(), "credential_bad_signature");
    let with_iss = |e: &mut Expect<'static>| {
        e.credential.issuer = Issuer::Key {
            iss: "x",
            key: public(1),
        }
    };
    assert_eq!(check(&with_iss), SdJwtError::Issuer(IssuerError::WrongIssuer));
}

#[test]
fn the_key_binding_must_be_there_and_fit() {
    let good = shown(&[["name"].into()]);
    let (without, _) = good.rsplit_once('~').unwrap();
    let without = format!("{without}~");
    let code = |presentation: &str| sd_jwt::check(presentation, &expect()).unwrap_err().code();
    let kb =
        |sd_hash: String| json!({ "aud": AUD, "nonce": NONCE, "iat": now().as_second(), "sd_hash": sd_hash });

    let fitting = bound(&without, kb(hash(&without)), "kb+jwt", &key(2));
    assert!(sd_jwt::check(&fitting, &expect()).is_ok());
    assert_eq!(code(&without), "key_binding_missing");
    assert_eq!(
        code(&bound(&without, kb(hash(&without)), "kb+jwt", &key(3))),
        "key_binding_bad_signature"
    );
    assert_eq!(
        code(&bound(&without, kb(hash(&without)), "jwt", &key(2))),
        "key_binding_malformed"
    );
    assert_eq!(
        code(&bound(&without, kb(hash("other")), "kb+jwt", &key(2))),
        "key_binding_wrong_claims"
    );
    let timeless = json!({ "aud": AUD, "nonce": NONCE, "sd_hash": hash(&without) });
    assert_eq!(
        code(&bound(&without, timeless, "kb+jwt", &key(2))),
        "key_binding_stale"
    );

    // A disclosure taken out or put in after binding.
    let (jwt, rest) = good.split_once('~').unwrap();
    let (disclosure, kb) = rest.split_once('~').unwrap();
    assert_eq!(code(&format!("{jwt}~{kb}")), "key_binding_wrong_claims");
    assert_eq!(
        code(&format!("{jwt}~{disclosure}~{disclosure}~{kb}")),
        "disclosure_misfit"
    );
    let stray = URL_SAFE_NO_PAD.encode(r#"["c2FsdA","admin",true]"#);
    assert_eq!(
        code(&format!("{jwt}~{disclosure}~{stray}~{kb}")),
        "disclosure_misfit"
    );
    assert_eq!(
        code(&format!("{jwt}~{disclosure}~not base64~{kb}")),
        "disclosure_malformed"
    );
}

#[test]
fn a_holder_takes_only_what_is_complete_and_bound_to_them() {
    let card = card();
    let issued = sd_jwt::check_issued(&card, &rules(), public(2)).unwrap();
    assert_eq!(issued.claims["address"]["city"], "Porto");
    for path in paths() {
        assert!(issued.disclosable.contains(&path));
    }
    let refused = |card: &str, rules: &Rules<'_>, mine: &PublicKey| {
        sd_jwt::check_issued(card, rules, mine).unwrap_err().code()
    };
    assert_eq!(refused(&card, &rules(), public(3)), "credential_wrong_holder");
    assert_eq!(
        refused(&shown(&[]), &rules(), public(2)),
        "presentation_malformed"
    );
    let mut other = rules();
    other.vct = "other";
    assert_eq!(refused(&card, &other, public(2)), "credential_wrong_type");
    let mut late = rules();
    late.now += SignedDuration::from_hours(2);
    assert_eq!(refused(&card, &late, public(2)), "credential_expired");
}

#[test]
fn the_old_name_of_the_format_is_taken_only_where_allowed() {
    let payload = json!({
        "iss": "https://issuer.example", "vct": VCT, "cnf": { "jwk": public(2).to_jwk() },
    });
    let sign = |typ: &str| {
        format!(
            "{}~",
            jws::sign(typ, Map::new(), payload.to_string().as_bytes(), &key(1))
        )
    };
    let old = sign("vc+sd-jwt");
    let mut lenient = rules();
    lenient.legacy_typ = true;
    assert!(sd_jwt::check_issued(&old, &lenient, public(2)).is_ok());
    let refused =
        |card: &str, rules: &Rules<'_>| sd_jwt::check_issued(card, rules, public(2)).unwrap_err().code();
    assert_eq!(refused(&old, &rules()), "credential_malformed");
    assert_eq!(refused(&sign("jwt"), &lenient), "credential_malformed");
}
