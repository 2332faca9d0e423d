//! One try to tell a webhook, and what happens next.

use std::time::Duration;

use uuid::Uuid;

use super::Webhooks;
use super::payload::body;
use crate::events::{EmailEvent, Fact, Recorded};
use crate::notices::{Answer, Kept, Notice, Secrets};
use crate::projections::webhook_deliveries::{Claimed, Outcome, Verdict};
use crate::values::{Timestamp, WebhookUrl};

/// How long is waited after each try but the last, in minutes.
const RETRIES: [u64; 3] = [1, 5, 30];

/// So long is waited for what cannot be read.
const UNREAD: Duration = Duration::from_secs(60);

/// What came of a try, and to which webhook.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) webhook: String,
    pub(super) outcome: Outcome,
    /// How long the receiver took; none if it was not asked, since the fault is ours.
    pub(super) took: Option<Duration>,
}

impl Webhooks {
    /// Tells a webhook, with the facts of the email of which it is told.
    pub(super) async fn tell(&self, claimed: Claimed, facts: &[Recorded], lease: Uuid) -> Told {
        let (url, notice, secrets) = match self.prepared(&claimed, facts) {
            Ok(prepared) => prepared,
            Err(why) => return never(claimed, lease, self.clock.now(), why),
        };
        let signed = notice.signed(&secrets, self.clock.now());
        let answer = self.poster.post(&url, &notice, &signed).await;
        let at = self.clock.now();
        let outcome = Outcome {
            id: claimed.id,
            lease,
            verdict: verdict(&answer, claimed.attempts, at),
            at,
            latency_ms: i32::try_from(answer.took.as_millis()).unwrap_or(i32::MAX),
            response_status: answer.status.map(i32::from),
            // Receivers repeat what they are told.
            response_body: answer.body.filter(|_| !facts.iter().any(content_removed)),
            error: answer.error,
        };
        Told { webhook: claimed.webhook_id, outcome, took: Some(answer.took) }
    }

    /// Where it is to be said, what, and with what it is signed.
    fn prepared(
        &self,
        claimed: &Claimed,
        facts: &[Recorded],
    ) -> Result<(WebhookUrl, Notice, Secrets), &'static str> {
        let url = claimed.url.parse().map_err(|_| "the webhook cannot be read")?;
        let former = claimed.former_secret.as_deref();
        let former = former.zip(claimed.former_until.map(Timestamp::from));
        let kept = Kept { owner: &claimed.webhook_id, newest: &claimed.secret, former };
        let secrets = kept.open(&self.secrets, self.clock.now());
        let secrets = secrets.map_err(|_| "the secret cannot be opened")?;
        let id = claimed.id.parse().map_err(|_| "the notice has no id")?;
        let body = body(claimed, facts).ok_or("what it tells of was erased")?;
        Ok((url, Notice { id, body }, secrets))
    }
}

fn content_removed(recorded: &Recorded) -> bool {
    matches!(recorded.fact, Fact::Email(_, _, EmailEvent::ContentRemoved { .. }))
}

/// A newer version of the service, or an operator, can read what this one cannot: it is not given up.
pub(super) fn later(claimed: Claimed, lease: Uuid, at: Timestamp) -> Told {
    let verdict = Verdict::Retry { at: at.plus(UNREAD) };
    unasked(claimed, lease, (verdict, at), "what it tells of cannot be read yet")
}

/// The fault is ours, and would be the next time: it is given up, and the receiver is not blamed for it.
fn never(claimed: Claimed, lease: Uuid, at: Timestamp, why: &str) -> Told {
    unasked(claimed, lease, (Verdict::Failed, at), why)
}

fn unasked(claimed: Claimed, lease: Uuid, (verdict, at): (Verdict, Timestamp), why: &str) -> Told {
    let outcome = Outcome {
        id: claimed.id,
        lease,
        verdict,
        at,
        latency_ms: 0,
        response_status: None,
        response_body: None,
        error: Some(why.to_owned()),
    };
    Told { webhook: claimed.webhook_id, outcome, took: None }
}

/// What happens after a try that followed so many others.
fn verdict(answer: &Answer, before: i32, now: Timestamp) -> Verdict {
    if answer.arrived() {
        return Verdict::Delivered;
    }
    let wait = usize::try_from(before).ok().and_then(|before| RETRIES.get(before));
    wait.map_or(Verdict::Failed, |minutes| Verdict::Retry {
        at: now.plus(Duration::from_secs(minutes * 60)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_again_after_one_five_and_thirty_minutes() {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let failed =
            Answer { status: None, body: None, error: Some("no".to_owned()), took: Duration::ZERO };
        let each: Vec<Verdict> = (0..5).map(|before| verdict(&failed, before, now)).collect();
        let after =
            |minutes: u64| Verdict::Retry { at: now.plus(Duration::from_secs(minutes * 60)) };
        assert_eq!(each, [after(1), after(5), after(30), Verdict::Failed, Verdict::Failed]);
        let arrived = Answer { status: Some(204), error: None, ..failed };
        assert_eq!(verdict(&arrived, 0, now), Verdict::Delivered);
    }
}
