//! What others have written to check signatures takes ours: the packages of npm and `PyPI`, and the plain recipe.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use sqlx::PgPool;

use super::webhook;
use crate::app::App;
use crate::support::receiver::{Receiver, Told};

const NODE: &str = r#"
const { Webhook } = require("standardwebhooks");
const { secret, format, headers, text } = JSON.parse(require("fs").readFileSync(0, "utf8"));
// The test's time is long past.
Date.now = () => Number(headers["webhook-timestamp"]) * 1000;
try {
    new Webhook(secret, format ? { format } : undefined).verify(text, headers);
    process.exit(0);
} catch (error) { console.error(String(error)); process.exit(7); }
"#;

const PYTHON: &str = r#"
import datetime, json, sys
import standardwebhooks.webhooks as ours
asked = json.load(sys.stdin)
class Then(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(int(asked["headers"]["webhook-timestamp"]), tz)
ours.datetime = Then
try:
    ours.Webhook(asked["secret"]).verify(asked["text"], asked["headers"])
except ours.WebhookVerificationError as error:
    print(error, file=sys.stderr)
    sys.exit(7)
"#;

/// Where the packages are; whoever has not installed them yet does so now.
fn peers() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
    let named = std::env::var("PEERS").ok().filter(|named| !named.is_empty());
    named.map_or_else(
        || {
            let script = root.join("scripts/ensure-peers");
            let output = Command::new(script).stderr(Stdio::inherit()).output().unwrap();
            assert!(output.status.success(), "scripts/ensure-peers fails");
            PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
        },
        PathBuf::from,
    )
}

/// Whether a program takes the notice as signed with the secret.
fn takes(mut program: Command, secret: &str, told: &Told) -> bool {
    use std::io::Write as _;
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: serde_json::Map<_, _> =
        headers.iter().map(|name| ((*name).to_owned(), json!(told.header(name)))).collect();
    let format = (!secret.starts_with("whsec_")).then_some("raw");
    let asked = json!({"secret": secret, "format": format, "headers": headers, "text": told.text});
    let mut child = program.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 7)), "it does not run: {said}");
    output.status.success()
}

fn node(secret: &str, told: &Told) -> bool {
    let mut program = Command::new("node");
    program.arg("-e").arg(NODE).env("NODE_PATH", peers().join("node_modules"));
    takes(program, secret, told)
}

fn python(secret: &str, told: &Told) -> bool {
    let mut program = Command::new(peers().join("python/bin/python"));
    program.arg("-c").arg(PYTHON);
    takes(program, secret, told)
}

/// By the secret that was rotated away.
const FORMER: &str = "x-webhook-signature-former";

/// The recipe: the hex HMAC-SHA-256 of the body, with the secret's text as the key.
fn plain(secret: &str, told: &Told) -> bool {
    plainly(secret, told, "x-webhook-signature")
}

fn plainly(secret: &str, told: &Told, header: &str) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(told.text.as_bytes());
    let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    told.header(header) == expected
}

#[sqlx::test]
async fn both_secrets_are_taken_for_a_day_after_a_rotation(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let made = webhook(&tenant, &receiver.url(), &["queued"]).await;
    let (id, old) = (made.text_at("/id"), made.text_at("/secret"));
    let told = async |count: usize| {
        tenant.sends(&tenant.hello()).await;
        app.settle().await;
        receiver.wait_for(count).await.remove(count - 1)
    };
    let first = told(1).await;
    assert!(node(&old, &first) && python(&old, &first) && plain(&old, &first));
    let rotate = format!("/v1/webhooks/{id}/rotate-secret");
    let rotated = tenant.caller.post_nothing(&rotate).await.expect(200);
    assert_eq!(rotated.text_at("/previous_secret_expires_at"), "2024-01-16T10:30:00Z");
    let new = rotated.text_at("/secret");
    app.advance(24 * 3_600 - 1);
    let both = told(2).await;
    for secret in [&old, &new] {
        assert!(node(secret, &both) && python(secret, &both), "{secret}");
    }
    assert!(plain(&new, &both) && plainly(&old, &both, FORMER));
    app.advance(1);
    let after = told(3).await;
    assert!(node(&new, &after) && python(&new, &after) && plain(&new, &after));
    assert!(!node(&old, &after) && !python(&old, &after) && !plain(&old, &after));
    assert_eq!(after.header(FORMER), "", "it is valid no more");
    app.stop().await;
}

#[sqlx::test]
async fn what_was_changed_on_the_way_is_not_taken(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let own = "a-secret-of-the-receivers-own";
    let asked = json!({"url": receiver.url(), "events": ["queued"], "secret": own});
    tenant.caller.post("/v1/webhooks", &asked).await.expect(201);
    tenant.sends(&tenant.hello()).await;
    let told = receiver.wait_for(1).await.remove(0);
    assert!(node(own, &told) && plain(own, &told));
    let mut forged = told.clone();
    forged.text = forged.text.replace("ann@", "eve@");
    assert!(forged.text != told.text && !node(own, &forged) && !plain(own, &forged));
    app.stop().await;
}
