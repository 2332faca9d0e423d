//! The key, signed tree heads, and proofs between them.

use selfmx::audit::key::VerifierKey;
use selfmx::audit::proof::{Head, is_consistent, root_of_inclusion};
use selfmx::audit::{Hash, checkpoint};
use serde_json::Value;
use sqlx::PgPool;

use crate::app::{App, Caller};

/// The key that an auditor keeps.
async fn trusted(caller: &Caller) -> VerifierKey {
    caller.get("/v1/audit/key").await.expect(200).text_at("/verifier_key").parse().unwrap()
}

async fn head(caller: &Caller, key: &VerifierKey) -> Head {
    let answer = caller.get("/v1/audit/checkpoint").await.expect(200);
    assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    checkpoint::open(key, &answer.text).unwrap()
}

fn hashes(proof: &Value) -> Vec<Hash> {
    let proof = proof.as_array().unwrap().iter();
    proof.map(|hash| hash.as_str().unwrap().parse().unwrap()).collect()
}

#[sqlx::test]
async fn a_tenant_can_prove_each_of_its_facts_and_that_no_past_was_changed(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.sends(&acme.hello()).await;
    let key = trusted(&acme.caller).await;
    let older = head(&acme.caller, &key).await;
    acme.sends(&acme.hello()).await;
    app.settle().await;
    let newer = head(&acme.caller, &key).await;
    assert!(older.size < newer.size, "a checkpoint covers what was answered for before");

    let path = format!("/v1/audit/proof/consistency?first={}&second={}", older.size, newer.size);
    let answer = acme.caller.get(&path).await.expect(200);
    assert!(is_consistent(older, newer, &hashes(&answer.body["proof"])));
    assert_eq!(checkpoint::open(&key, &answer.text_at("/checkpoint")), Ok(newer));

    let own: Vec<i64> = sqlx::query_scalar("select position from events where tenant_id = $1")
        .bind(&acme.id)
        .fetch_all(&app.pool)
        .await
        .unwrap();
    for position in own {
        let size = newer.size;
        let path = format!("/v1/audit/proof/inclusion?position={position}&size={size}");
        let answer = acme.caller.get(&path).await.expect(200);
        let (leaf, proof) = (answer.text_at("/leaf"), hashes(&answer.body["proof"]));
        let place = u64::try_from(position).unwrap() - 1;
        let root = root_of_inclusion(leaf.parse().unwrap(), place, size, &proof);
        assert_eq!(root, Some(newer.root), "{position}");
        assert_eq!(checkpoint::open(&key, &answer.text_at("/checkpoint")), Ok(newer));
    }
    app.stop().await;
}

#[sqlx::test]
async fn anothers_fact_and_one_that_nobody_has_are_the_same_to_a_tenant(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    let email = other.sends(&other.hello()).await;
    let position: i64 = sqlx::query_scalar(
        "select position from events where stream_id = $1 order by version limit 1",
    )
    .bind(&email)
    .fetch_one(&app.pool)
    .await
    .unwrap();
    let path = |position: i64| format!("/v1/audit/proof/inclusion?position={position}");
    let mut told = Vec::new();
    // Another's, the operator's own, and nobody's.
    for position in [position, 1, 0, 1_000_000, i64::MAX] {
        let answer = acme.caller.get(&path(position)).await.expect(404);
        told.push((answer.code(), answer.text_at("/error/message")));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    app.admin().get(&path(position)).await.expect(200);
    app.admin().get(&path(1_000_000)).await.expect(404);
    app.stop().await;
}

#[sqlx::test]
async fn what_cannot_be_proven_is_refused_with_the_reason(db: PgPool) {
    let app = App::start(&db).await;
    app.tenant("acme.com").await;
    for (path, field) in [
        ("inclusion", "position"),
        ("inclusion?position=-1", "position"),
        ("inclusion?position=+1", "position"),
        ("inclusion?position=one", "position"),
        ("inclusion?position=99999999999999999999", "position"),
        ("inclusion?position=2&size=1", "size"),
        ("inclusion?position=1&size=1000000", "size"),
        ("inclusion?position=1&of=2", "of"),
        ("consistency", "first"),
        ("consistency?first=0", "first"),
        ("consistency?first=x", "first"),
        ("consistency?first=3&second=2", "first"),
        ("consistency?first=1&second=1000000", "second"),
        ("consistency?first=1&third=2", "third"),
    ] {
        let answer = app.admin().get(&format!("/v1/audit/proof/{path}")).await.expect(422);
        assert_eq!(answer.faulty_fields(), [field], "{path}: {}", answer.text);
    }
    for path in ["/v1/audit/key?x=1", "/v1/audit/checkpoint?x=1"] {
        assert_eq!(app.admin().get(path).await.expect(422).faulty_fields(), ["x"]);
    }
    app.stop().await;
}

#[sqlx::test]
async fn nodes_that_start_together_sign_with_one_key_and_so_do_their_successors(db: PgPool) {
    let clock = selfmx::clock::Clock::held_at(crate::app::BEGIN.parse().unwrap());
    let node = || App::beside(&db, &clock, &[]);
    let (one, two) = futures_util::future::join(node(), node()).await;
    let key = trusted(&one.admin()).await.to_string();
    assert_eq!(trusted(&two.admin()).await.to_string(), key);
    one.stop().await;
    two.stop().await;
    let third = node().await;
    assert_eq!(trusted(&third.admin()).await.to_string(), key);
    let sealed: String =
        sqlx::query_scalar("select sealed from audit_key").fetch_one(&third.pool).await.unwrap();
    assert!(sealed.starts_with("v1.") && !sealed.contains("PRIVATE"), "{sealed}");
    third.stop().await;
}
