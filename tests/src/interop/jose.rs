//! JWS and JWE.

use carnet_credentials::jws;
use carnet_exchange::jwe::{self, EncryptionKey};
use p256::SecretKey;
use serde_json::{Map, Value, json};

use super::keys::{secret, signer};

const MAX: usize = 65_536;

pub(super) fn answer(op: &str, input: &Value) -> Result<Value, String> {
    let text = |name: &str| input[name].as_str().unwrap_or_default();
    match op {
        "sign" => {
            let payload = input["payload"].to_string();
            let key = signer(&input["key"])?;
            Ok(jws::sign(text("typ"), Map::new(), payload.as_bytes(), key.as_ref()).into())
        }
        "verify" => {
            let key = jws::verification_key(&input["key"]).map_err(|e| e.code().to_owned())?;
            let verified =
                jws::verify(text("jws"), text("typ"), MAX, &key).map_err(|e| e.code().to_owned())?;
            Ok(verified.payload.into())
        }
        "encrypt" => {
            let recipient = EncryptionKey::from_jwk(&input["key"]).map_err(|e| e.code().to_owned())?;
            let mut random = [0; 44];
            getrandom::fill(&mut random).map_err(|_| "no_random".to_owned())?;
            let (ephemeral, iv) = random.split_at(32);
            let ephemeral = SecretKey::from_slice(ephemeral).map_err(|_| "no_random".to_owned())?;
            let iv = iv.try_into().map_err(|_| "no_random".to_owned())?;
            let content = text("content").as_bytes();
            let sealed = jwe::encrypt(content, &recipient, &ephemeral, iv, Map::new());
            sealed.map(Value::from).map_err(|e| e.code().to_owned())
        }
        "decrypt" => {
            let key = SecretKey::from_slice(&secret(&input["key"])?).map_err(|_| "bad_input".to_owned())?;
            let (header, content) = jwe::decrypt(text("jwe"), &key, MAX).map_err(|e| e.code().to_owned())?;
            Ok(json!({ "header": header, "content": String::from_utf8_lossy(&content) }))
        }
        _ => Err("unknown_op".to_owned()),
    }
}
