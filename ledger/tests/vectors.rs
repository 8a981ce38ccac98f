//! Ids, digests, signatures and addresses are those of another implementation.
#![expect(clippy::unwrap_used, reason = "tests")]

use carnet_ledger::{
    Address, Domain, Grant, address_of, grant_id, revocation_digest, revoke_hash, sign_grant, sign_revocation,
};
use proptest::prelude::*;
use serde_json::Value;

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

#[test]
fn ids_digests_and_signatures_are_those_of_foundry() {
    let file: Value = serde_json::from_str(include_str!("../vectors/signatures.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 4);
    for vector in vectors {
        let domain = Domain {
            chain_id: vector["chainId"].as_str().unwrap().parse().unwrap(),
            registry: vector["registry"].as_str().unwrap().parse().unwrap(),
        };
        let key = k256::ecdsa::SigningKey::from_slice(&bytes(&vector["privateKey"])).unwrap();
        let grant: Grant = serde_json::from_value(vector["grant"].clone()).unwrap();
        let id = grant_id(&domain, &grant);

        assert_eq!(address_of(&key), grant.subject);
        assert_eq!(
            revoke_hash(&bytes(&vector["secret"]).try_into().unwrap()),
            grant.revoke_hash
        );
        assert_eq!(id.to_vec(), bytes(&vector["grantId"]));
        assert_eq!(
            revocation_digest(&domain, &id).to_vec(),
            bytes(&vector["revocationDigest"])
        );
        assert_eq!(
            sign_grant(&domain, &grant, &key).to_vec(),
            bytes(&vector["signature"])
        );
        assert_eq!(
            sign_revocation(&domain, &id, &key).to_vec(),
            bytes(&vector["revocationSignature"])
        );
        assert_eq!(
            serde_json::to_value(grant).unwrap(),
            vector["grant"],
            "the JSON form is the same both ways"
        );
    }
}

#[test]
fn an_address_has_one_spelling() {
    let right = "0xad22cc5705d972216abda00c1af8886713abac7c";
    assert_eq!(right.parse::<Address>().unwrap().to_string(), right);
    for wrong in [
        &right.to_uppercase(),
        &right.replace('a', "A"),
        &right[2..],
        &right[..41],
        "",
        "0x",
    ] {
        assert!(wrong.parse::<Address>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn every_signature_is_low_s_with_v_27_or_28(secret in 1_u8.., commitment: [u8; 32]) {
        let key = k256::ecdsa::SigningKey::from_slice(&[secret; 32].map(|b| b & 0x7f | 1)).unwrap();
        let domain = Domain { chain_id: 1, registry: Address([1; 20]) };
        let grant = Grant { subject: address_of(&key), commitment, not_before: 0, expiry: 1, revoke_hash: [0; 32] };
        let signature = sign_grant(&domain, &grant, &key);
        prop_assert!(signature[64] == 27 || signature[64] == 28);
        let half = hex::decode("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0").unwrap();
        prop_assert!(&signature[32..64] <= half.as_slice());
    }

    #[test]
    fn no_text_makes_the_address_parser_panic(text: String) {
        if let Ok(address) = text.parse::<Address>() {
            prop_assert_eq!(address.to_string(), text);
        }
    }
}
