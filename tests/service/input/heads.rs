//! Heads of requests that are twisted, and request ids that are not sane.

use reqwest::Method;
use sqlx::PgPool;
use tokio::io::AsyncWriteExt as _;

use super::raw::{connect, exchange, request, rest};
use super::{Refused, kept};
use crate::app::App;

const GET: &str = "GET /v1/emails HTTP/1.1";

#[sqlx::test]
async fn a_sane_request_id_is_kept_and_another_is_replaced(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = |id: &[u8]| {
        let id = reqwest::header::HeaderValue::from_bytes(id).unwrap();
        acme.caller.request(Method::GET, "/v1/emails/x").header("X-Request-Id", id)
    };
    for sane in ["order-42", "a/b:c.d_e=+", &"x".repeat(128)] {
        let answer = acme.caller.send(asked(sane.as_bytes())).await;
        assert_eq!(answer.text_at("/error/request_id"), sane);
        assert_eq!(answer.header("x-request-id").as_deref(), Some(sane));
    }
    for other in [&b""[..], b"a b", b"a\tb", b"\xff", b"<script>", b"a,b", b"a\"b", &[b'x'; 129]] {
        let answer = acme.caller.send(asked(other)).await;
        let made = answer.header("x-request-id").unwrap();
        assert_eq!(answer.text_at("/error/request_id"), made);
        assert!(made.len() == 32 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{made}");
    }
    app.stop().await;
}

#[sqlx::test]
async fn an_idempotency_key_that_is_none_is_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let before = kept(&app).await;
    let ask = async |keys: &[&[u8]]| {
        let mut asked = acme.caller.request(Method::POST, "/v1/send").json(&acme.hello());
        for key in keys {
            let key = reqwest::header::HeaderValue::from_bytes(key).unwrap();
            asked = asked.header("Idempotency-Key", key);
        }
        acme.caller.send(asked).await
    };
    for keys in [
        &[&b""[..]][..],
        &[&[b'k'; 256]],
        &[b"\xc3\xa4"],
        &[b"one", b"one"],
        &[b"one", b"two"],
        &[b"a\tb"],
    ] {
        assert_eq!(ask(keys).await.expect(422).faulty_fields(), ["Idempotency-Key"], "{keys:?}");
    }
    assert_eq!(kept(&app).await, before);
    ask(&[&[b'k'; 255]]).await.expect(202);
    app.stop().await;
}

#[sqlx::test]
async fn two_keys_in_one_request_open_nothing(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    for second in [&other.token, &acme.token, "x"] {
        let line = format!("Authorization: Bearer {second}");
        let answer = exchange(&app, &request(GET, &acme.token, &[&line], b"")).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
    }
    for (value, status) in [
        (format!("Bearer {}", acme.token), 200),
        (format!("bearer {}", acme.token), 200),
        (format!("BEARER   {}", acme.token), 200),
        (format!("Bearer {} {}", acme.token, acme.token), 401),
        (format!("Bearer {},{}", acme.token, other.token), 401),
        (format!("Bearer{}", acme.token), 401),
        (format!("Basic {}", acme.token), 401),
        (format!("Bearer \"{}\"", acme.token), 401),
        (acme.token.clone(), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer ".to_owned(), 401),
        (format!("Bearer {}", "x".repeat(10_000)), 401),
        (format!("Bearer {}", acme.token.to_uppercase()), 401),
    ] {
        let nobody = app.nobody();
        let asked = nobody.request(Method::GET, "/v1/emails").header("Authorization", &value);
        assert_eq!(nobody.send(asked).await.status, status, "{value}");
    }
    let in_query = app.nobody().get(&format!("/v1/emails?key={}&token={0}", acme.token)).await;
    assert_eq!(in_query.status, 401);
    app.stop().await;
}

#[sqlx::test]
async fn a_request_is_where_it_seems_to_end(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let before = kept(&app).await;
    let (post, body) = ("POST /v1/send HTTP/1.1", acme.hello().to_string());
    let smuggled = format!("{body}POST /v1/send HTTP/1.1\r\n\r\n");
    let typed = "Content-Type: application/json";
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (lines, sent) in [
        (vec!["Content-Length: 3", "Content-Length: 200"], &smuggled),
        (vec!["Content-Length: 3, 200"], &smuggled),
        (vec!["Content-Length: +3"], &smuggled),
        (vec!["Content-Length: -1"], &smuggled),
        (vec!["Content-Length: 0x10"], &smuggled),
        (vec!["Content-Length: 99999999999999999999999"], &smuggled),
        (vec!["Transfer-Encoding: chunked, identity"], &chunked),
        (vec!["Transfer-Encoding: xchunked"], &chunked),
        (vec!["Transfer-Encoding : chunked"], &chunked),
        (vec!["X-Bad\0: 1"], &chunked),
        (vec!["X-Folded: a", " b: c"], &chunked),
    ] {
        let lines: Vec<&str> = lines.into_iter().chain([typed]).collect();
        let answer = exchange(&app, &request(post, &acme.token, &lines, sent.as_bytes())).await;
        assert!([400, 413].contains(&answer.status), "{lines:?}: {}", answer.text);
        assert_eq!(answer.text.matches("HTTP/1.1 ").count(), 1, "{lines:?}: {}", answer.text);
    }
    assert_eq!(kept(&app).await, before);
    let answer = exchange(
        &app,
        &request(post, &acme.token, &[typed, "Transfer-Encoding: chunked"], chunked.as_bytes()),
    )
    .await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let bad = [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n",
        "fffffffffffffffff\r\n{}\r\n",
        "2\r\n{}XX0\r\n\r\n",
    ];
    for chunks in bad {
        let answer = exchange(
            &app,
            &request(post, &acme.token, &[typed, "Transfer-Encoding: chunked"], chunks.as_bytes()),
        )
        .await;
        assert_eq!(answer.status, 400, "{chunks:?}: {}", answer.text);
    }
    app.stop().await;
}

#[sqlx::test]
async fn old_and_careful_clients_are_served(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let body = acme.hello().to_string();
    let length = format!("Content-Length: {}", body.len());
    let lines = ["Content-Type: application/json", &length];
    let old =
        exchange(&app, &request("POST /v1/send HTTP/1.0", &acme.token, &lines, body.as_bytes()))
            .await;
    assert_eq!(old.status, 202, "{}", old.text);
    let absolute = format!("GET {}/v1/emails HTTP/1.1", app.url);
    assert_eq!(exchange(&app, &request(&absolute, &acme.token, &[], b"")).await.status, 200);
    let lines = ["Content-Type: application/json", &length, "Expect: 100-continue"];
    let mut stream = connect(&app).await;
    stream.write_all(&request("POST /v1/send HTTP/1.1", &acme.token, &lines, b"")).await.unwrap();
    let mut told = [0; 25];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    for byte in body.bytes() {
        stream.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(rest(&mut stream).await.status, 202);
    let mut stream = connect(&app).await;
    stream.write_all(&request("POST /v1/send HTTP/1.1", "x", &lines, b"")).await.unwrap();
    assert_eq!(rest(&mut stream).await.status, 401, "without having to send the body");
    app.stop().await;
}

#[sqlx::test]
async fn heads_beyond_all_bounds_are_refused_and_the_next_request_is_served(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let long = format!("X-Long: {}", "x".repeat(1 << 20));
    let many: Vec<String> = (0..500).map(|number| format!("X-{number}: x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for lines in [vec![long.as_str()], many] {
        let answer = exchange(&app, &request(GET, &acme.token, &lines, b"")).await;
        assert!([0, 431].contains(&answer.status), "{}", answer.status);
    }
    let far = format!("GET /v1/emails?tag={} HTTP/1.1", "x".repeat(100_000));
    assert_eq!(exchange(&app, &request(&far, &acme.token, &[], b"")).await.status, 414);
    for rubbish in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = exchange(&app, &[rubbish, b"\r\n\r\n"].concat()).await;
        assert!([0, 400, 505].contains(&answer.status), "{}", answer.text);
    }
    let own = Refused { app: &app, caller: &acme.caller };
    own.ask(acme.caller.request(Method::GET, "/v1/emails/x").header("X-Big", "x".repeat(8_000)))
        .await
        .expect(404);
    acme.caller.get("/v1/emails").await.expect(200);
    app.stop().await;
}

#[sqlx::test]
async fn who_sends_all_of_a_large_body_before_reading_is_told_why_it_is_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let body = vec![b' '; 37 * 1024 * 1024];
    let length = format!("Content-Length: {}", body.len());
    let lines = ["Content-Type: application/json", &length];
    for (token, status) in [(acme.token.as_str(), 413), ("x", 401)] {
        let asked = request("POST /v1/send HTTP/1.1", token, &lines, &body);
        assert_eq!(exchange(&app, &asked).await.status, status);
    }
    app.stop().await;
}
