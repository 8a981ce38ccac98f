//! Who gets in at the staff door.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Reply, Station, reply};

async fn post(
    station: &Station,
    path: &str,
    cookie: Option<&str>,
    origin: Option<&str>,
    body: Value,
) -> Reply {
    let mut request = station
        .http
        .post(format!("{}{path}", station.staff_url))
        .json(&body);
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    reply(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_first_administrator_needs_the_secret_and_it_works_once() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let first = station.secret().unwrap();
    let station = station.kill_and_restart();
    let secret = station.secret().unwrap();
    assert_ne!(first, secret);
    let admin = |secret: &str| json!({"secret": secret, "name": "Dr. Ada Okoro", "username": "ada", "password": "a long pass phrase"});
    let origin = Some(station.staff_url.as_str());
    assert_eq!(
        post(&station, "/api/setup", None, origin, admin(&first))
            .await
            .code(),
        "wrong_secret"
    );
    assert_eq!(
        post(
            &station,
            "/api/setup",
            None,
            Some("http://evil.example"),
            admin(&secret)
        )
        .await
        .status,
        403
    );
    let response = station
        .http
        .post(format!("{}/api/setup", station.staff_url))
        .header("origin", &station.staff_url)
        .json(&admin(&secret))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(
        post(&station, "/api/setup", None, origin, admin(&secret))
            .await
            .code(),
        "already_set_up"
    );

    // The sign-in outlives a kill; the secret is not printed again.
    let station = station.kill_and_restart();
    assert!(station.secret().is_none());
    let me = station
        .http
        .get(format!("{}/api/me", station.staff_url))
        .header("cookie", &cookie);
    assert_eq!(reply(me.send().await.unwrap()).await.body["username"], "ada");

    let origin = Some(station.staff_url.as_str());
    let colleague = json!({"name": "Sam Li", "username": "sam", "password": "another pass phrase"});
    let cookie = Some(cookie.as_str());
    assert_eq!(
        post(&station, "/api/staff", cookie, None, colleague.clone())
            .await
            .code(),
        "wrong_origin"
    );
    assert_eq!(
        post(&station, "/api/staff", cookie, origin, colleague.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        post(&station, "/api/staff", cookie, origin, colleague)
            .await
            .code(),
        "username_taken"
    );
    let wrong = json!({"username": "sam", "password": "not this one"});
    assert_eq!(
        post(&station, "/api/sign-in", None, origin, wrong).await.code(),
        "wrong_sign_in"
    );
    let nobody = json!({"username": "nobody", "password": "not this one"});
    assert_eq!(
        post(&station, "/api/sign-in", None, origin, nobody).await.code(),
        "wrong_sign_in"
    );

    // What a signed-in person asks carries their name.
    let asked = post(
        &station,
        "/api/requests",
        cookie,
        origin,
        json!({"template": "first-visit"}),
    )
    .await;
    let id = asked.body["id"].as_str().unwrap().to_owned();
    assert_eq!(
        station.get(&format!("/api/requests/{id}")).await.body["by"],
        "Dr. Ada Okoro"
    );
    assert_eq!(
        post(&station, "/api/sign-out", cookie, origin, json!({}))
            .await
            .status,
        200
    );
    assert_eq!(
        post(
            &station,
            "/api/requests",
            cookie,
            origin,
            json!({"template": "first-visit"})
        )
        .await
        .status,
        401
    );
}

#[tokio::test]
async fn strangers_and_other_pages_get_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let get = |path: &str| station.http.get(format!("{}{path}", station.staff_url));
    for path in [
        "/api/me",
        "/api/templates",
        "/api/requests",
        "/api/consents",
        "/api/events",
        "/api/health",
    ] {
        assert_eq!(get(path).send().await.unwrap().status(), 401, "{path}");
        let other = get(path).bearer_auth("A".repeat(43)).send().await.unwrap();
        assert_eq!(other.status(), 401, "{path}");
    }
    let rebound = get("/api/setup")
        .header("host", "clinic.evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(rebound.status(), 421);
    let sibling = get("/api/setup")
        .header("sec-fetch-site", "same-site")
        .send()
        .await
        .unwrap();
    assert_eq!(sibling.status(), 403);

    let page = get("/").send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");

    let refused = station
        .post(
            "/api/requests",
            json!({"purpose": "TREAT", "items": [], "days": 3}),
        )
        .await;
    assert_eq!(
        (refused.status, &refused.body["error"]["field"]),
        (400, &json!("items"))
    );
    let health = station.get("/api/health").await.body;
    assert_eq!(
        (&health["ledger"]["status"], &health["trust"]["status"]),
        (&json!("ok"), &json!("ok")),
        "{health}"
    );
    let (id, _) = station.ask(json!({"template": "emergency"})).await;
    let picture = get(&format!("/api/requests/{id}/qr.svg"))
        .bearer_auth(&station.token)
        .send()
        .await
        .unwrap();
    assert_eq!(picture.headers()["content-type"], "image/svg+xml");
}

#[tokio::test]
async fn the_page_hears_that_something_changed() {
    let dir = tempfile::tempdir().unwrap();
    let station = Station::start(dir.path());
    let request = station
        .http
        .get(format!("{}/api/events", station.staff_url))
        .bearer_auth(&station.token);
    let mut events = request.send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let (id, _) = station.ask(json!({"template": "emergency"})).await;
    let heard = events.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&heard).contains(&format!("{{\"request\":\"{id}\"}}")));
    assert!(station.terminate());
}

#[test]
fn the_staff_door_opens_on_loopback_only_and_one_station_holds_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let run = |further: &[&str]| {
        let output = std::process::Command::new(support::PROGRAM)
            .args(["serve", "--data"])
            .arg(dir.path())
            .args(further)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        error["error"]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(run(&["--staff-listen", "0.0.0.0:0"]), "staff_not_loopback");
    let station = Station::start(dir.path());
    assert_eq!(run(&[]), "in_use");
    drop(station);
}
