//! What an issuer that nobody vouches for yet can send: an offer, what it says of itself, tokens and copies; and what a
//! stranger's wallet can send to an issuer.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
use carnet_exchange::issuance::{
    Form,
    credential::{CredentialRequest, CredentialResponse, read_notification},
    dpop::{self, Proven},
    metadata::{AuthorizationServer, CredentialIssuer},
    offer::{CredentialOffer, OfferLink},
    proof,
    token::{TokenRequest, TokenResponse},
};
#[cfg(fuzzing)]
use jiff::Timestamp;

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(offer) = CredentialOffer::parse(bytes) {
        assert_eq!(
            CredentialOffer::parse(offer.to_value().to_string().as_bytes()),
            Ok(offer)
        );
    }
    let _ = CredentialIssuer::parse(bytes, "https://a.example");
    let _ = AuthorizationServer::parse(bytes, "https://a.example");
    let _ = TokenResponse::parse(bytes);
    let _ = CredentialResponse::parse(bytes, 100);
    let _ = CredentialRequest::parse(bytes);
    let _ = TokenRequest::parse(bytes);
    let _ = read_notification(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<OfferLink>();
        for form in [Form::SdJwt, Form::Eligibility] {
            let _ = proof::check(
                &[text.to_owned()],
                "https://a.example",
                form,
                Timestamp::UNIX_EPOCH,
            );
        }
        let url = url::Url::parse("https://a.example/token");
        if let Ok(url) = &url {
            let proven = Proven {
                method: "POST",
                url,
                token: None,
            };
            let _ = dpop::check(text, &proven, Timestamp::UNIX_EPOCH);
        }
    }
});

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is for `make fuzz`");
}
