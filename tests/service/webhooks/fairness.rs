//! Receivers that hang delay nobody else, of whichever tenant.

use serde_json::json;
use sqlx::PgPool;

use super::{hooked, log};
use crate::app::App;
use crate::support::receiver::Receiver;

#[sqlx::test]
async fn two_receivers_that_hang_keep_no_other_waiting(db: PgPool) {
    // Nobody who hangs ends within this test.
    let settings = [("WEBHOOK_WORKERS", "8"), ("WEBHOOK_TIMEOUT", "60")];
    let app = App::with(&db, &settings).await;
    let (quick, slow) = (Receiver::start().await, Receiver::start().await);
    slow.hangs();
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    // The ones that hang come first, and in the same tenant, too.
    let stuck = hooked(&acme, &slow, &["queued"]).await;
    hooked(&other, &slow, &["queued"]).await;
    hooked(&acme, &quick, &["queued"]).await;
    hooked(&other, &quick, &["queued"]).await;
    let to: Vec<String> = (0..25).map(|n| format!("reader{n}@example.org")).collect();
    for tenant in [&acme, &other] {
        for _ in 0..2 {
            tenant.sends(&tenant.hello_with(&json!({"to": to}))).await;
        }
    }
    assert_eq!(quick.wait_for(100).await.len(), 100);
    let waiting = log(&acme, &stuck).await;
    assert!(waiting.iter().all(|entry| entry["status"] == "pending"));
    assert!(slow.told().len() <= 4, "{}", slow.told().len());
    app.stop().await;
}
