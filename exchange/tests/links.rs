//! What a code says is read strictly, before anything is opened.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use carnet_exchange::{RequestLink, RequestUriMethod};
use clinic::{link, url};

#[test]
fn a_link_is_read_strictly() {
    let good = link().to_string();
    let parse = |text: &str| text.parse::<RequestLink>().map_err(|e| e.code());
    assert_eq!(parse(&good), Ok(link()));
    assert_eq!(parse(&format!("  {good}\n")), Ok(link()));
    assert_eq!(parse(&good.replace("openid4vp", "haip-vp")), Ok(link()));
    assert_eq!(parse(&good.replace("openid4vp", "OPENID4VP")), Ok(link()));
    assert_eq!(
        parse(&good.replace("openid4vp", "https")),
        Err("link_not_a_request")
    );
    assert_eq!(parse("hello"), Err("link_not_a_request"));
    assert_eq!(parse(""), Err("link_not_a_request"));
    assert_eq!(parse("openid4vp://?"), Err("link_incomplete"));
    assert_eq!(parse("openid4vp://?client_id=x"), Err("link_incomplete"));
    assert_eq!(
        parse(&format!("{good}&client_id=x")),
        Err("link_repeated_parameter")
    );
    assert_eq!(
        parse(&format!("{good}&request=eyJ")),
        Err("link_unexpected_parameter")
    );
    let posted = RequestLink {
        method: RequestUriMethod::Post,
        ..link()
    };
    assert_eq!(parse(&posted.to_string()), Ok(posted.clone()));
    assert_eq!(parse(&format!("{good}&request_uri_method=post")), Ok(posted));
    assert_eq!(parse(&format!("{good}&request_uri_method=get")), Ok(link()));
    for odd in ["POST", "put", ""] {
        assert_eq!(
            parse(&format!("{good}&request_uri_method={odd}")),
            Err("link_bad_method")
        );
    }
    assert_eq!(
        parse(&format!("{good}&request_uri_method=post&request_uri_method=post")),
        Err("link_repeated_parameter")
    );
    assert_eq!(parse(&format!("{good}#x")), Err("link_unexpected_parameter"));
    assert_eq!(parse(&format!("{good}{}", "a".repeat(300))), Err("link_too_long"));
    for address in [
        "http://a.example/",
        "file:///etc/passwd",
        "https://u:p@a.example/",
        "javascript:1",
        "https://a.example/%23#f",
        "",
    ] {
        let text = format!("openid4vp://?client_id=x&request_uri={}", url_encoded(address));
        assert_eq!(parse(&text), Err("link_bad_address"), "{address}");
    }
    assert_eq!(link().request_uri, url("/oid4vp/request/4f9Jx2QmT8wLr6VbNz3KpA"));
}

fn url_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
