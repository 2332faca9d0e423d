//! The operator's secret is exchanged, and everything that was sealed stays readable.

use futures_util::future::join_all;
use selfmx::database::root_key::{self, RootKeyError};
use selfmx::values::{Secret, WrappingKey};
use sqlx::PgPool;

use crate::app::{App, SECRET};

const NEW: &str = "the new secret, which is also long enough";

fn key(secret: &str) -> WrappingKey {
    WrappingKey::new(&Secret::new(secret)).unwrap()
}

#[sqlx::test]
async fn both_secrets_open_it_until_the_exchange_is_finished(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let email = acme.sends(&acme.hello()).await;
    root_key::let_in(&db, &key(SECRET), &key(NEW)).await.unwrap();
    // It was killed before it had told anybody, and is asked again.
    root_key::let_in(&db, &key(SECRET), &key(NEW)).await.unwrap();
    let still = App::beside(&db, &app.clock, &[]).await;
    let new = App::beside(&db, &app.clock, &[("SECRET_KEY", NEW)]).await;
    for node in [&still, &new] {
        let shown = node.caller(&acme.token).get(&format!("/v1/emails/{email}")).await.expect(200);
        assert_eq!(
            (shown.text_at("/subject"), shown.text_at("/text")),
            ("Hello".into(), "Hello, Ann".into())
        );
    }
    assert_eq!(root_key::retire_others(&db, &key(NEW)).await.unwrap(), 1);
    assert!(matches!(root_key::open(&db, &key(SECRET)).await, Err(RootKeyError::Foreign)));
    // Who runs already goes on.
    let later = acme.sends(&acme.hello()).await;
    let shown = new.caller(&acme.token).get(&format!("/v1/emails/{later}")).await.expect(200);
    assert_eq!(shown.text_at("/text"), "Hello, Ann");
    new.stop().await;
    still.stop().await;
    app.stop().await;
}

#[sqlx::test]
async fn another_secret_is_refused_before_it_does_any_harm(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.sends(&acme.hello()).await;
    assert!(matches!(root_key::open(&db, &key(NEW)).await, Err(RootKeyError::Foreign)));
    assert!(matches!(root_key::retire_others(&db, &key(NEW)).await, Err(RootKeyError::Foreign)));
    // An installation of the first version has sealed something, but has no wrapped key.
    sqlx::raw_sql("delete from root_key_wraps").execute(&db).await.unwrap();
    assert!(matches!(root_key::open(&db, &key(NEW)).await, Err(RootKeyError::Foreign)));
    root_key::open(&db, &key(SECRET)).await.unwrap();
    app.stop().await;
}

#[sqlx::test]
async fn nodes_that_start_at_once_have_one_key(db: PgPool) {
    let secret = key(SECRET);
    let all = join_all((0..8).map(|_| root_key::open(&db, &secret))).await;
    let hashes: Vec<_> = all.into_iter().map(|root| root.unwrap().hash("token")).collect();
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]));
    let wraps: i64 =
        sqlx::query_scalar("select count(*) from root_key_wraps").fetch_one(&db).await.unwrap();
    assert_eq!(wraps, 1);
}
