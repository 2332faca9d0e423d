//! A tenant's bounces and complaints are held against what it may have: it is warned, or its sending paused.

use std::time::Duration;

use super::{Standing, TenantState};
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, TenantEvent};
use crate::values::{Conduct, ReputationGuard, TenantId, Timestamp};

/// Asks that a tenant's conduct be judged.
#[derive(Clone, Copy, Debug)]
pub struct JudgeReputation {
    /// Whose.
    pub tenant: TenantId,
    /// What became of its recipients.
    pub conduct: Conduct,
    /// Since when that was counted.
    pub since: Timestamp,
}

/// Why nothing is said.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, or it is deleted.
    #[error("there is no such tenant")]
    NotFound,
    /// It has been resumed since the counting began: what was before is forgiven.
    #[error("the counts are from before it was resumed")]
    Outdated,
}

impl Command for JudgeReputation {
    type State = TenantState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::tenant(self.tenant)
    }

    fn decide(
        &self,
        state: &TenantState,
        _: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        let tenant = state.living().ok_or(Refusal::NotFound)?;
        if tenant.resumed_at.is_some_and(|resumed| self.since < resumed) {
            return Err(Refusal::Outdated);
        }
        let (Some(guard), Standing::Active) = (tenant.settings.reputation, tenant.standing) else {
            return Ok(Decision::already());
        };
        let conduct = self.conduct;
        let event = if guard.stops(conduct) {
            TenantEvent::SendingPaused { conduct }
        } else if guard.warns_of(conduct) && !warned_lately(&guard, tenant.warned_at, now) {
            TenantEvent::ReputationWarned { conduct }
        } else {
            return Ok(Decision::already());
        };
        Ok(Decision::of(vec![Fact::Tenant(self.tenant, event)]))
    }
}

/// One warning a window is enough.
fn warned_lately(guard: &ReputationGuard, warned: Option<Timestamp>, now: Timestamp) -> bool {
    warned.is_some_and(|warned| warned > now.minus(window(guard)))
}

/// How far is looked back.
pub fn window(guard: &ReputationGuard) -> Duration {
    Duration::from_secs(u64::from(guard.window_hours) * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::email::send_email::tests::tenant;
    use crate::commands::testing::{given, now};
    use crate::values::{Share, TenantSettings};

    fn guarded(id: TenantId) -> Vec<Fact> {
        let share = |share| Some(Share::new(share).unwrap());
        let guard = ReputationGuard {
            warn_bounce_rate: share(0.05),
            suspend_bounce_rate: share(0.1),
            warn_complaint_rate: share(0.001),
            suspend_complaint_rate: None,
            window_hours: 24,
            min_recipients: 100,
        };
        let settings = TenantSettings { reputation: Some(guard), ..TenantSettings::default() };
        let changed = TenantEvent::SettingsChanged { settings };
        vec![tenant(id, Some("acme.com")), Fact::Tenant(id, changed)]
    }

    fn judge(tenant: TenantId, recipients: u64, bounced: u64, complained: u64) -> JudgeReputation {
        let conduct = Conduct { recipients, bounced, complained };
        JudgeReputation { tenant, conduct, since: now() }
    }

    #[test]
    fn a_first_threshold_warns_once_and_a_second_pauses() {
        let id = TenantId::at(now());
        let warn = judge(id, 100, 5, 0);
        let warned = Fact::Tenant(id, TenantEvent::ReputationWarned { conduct: warn.conduct });
        given(guarded(id)).when(&warn).then(std::slice::from_ref(&warned));
        let after = || guarded(id).into_iter().chain([warned.clone()]);
        given(after()).when(&warn).then(&[]);
        let stop = judge(id, 100, 10, 0);
        let paused = Fact::Tenant(id, TenantEvent::SendingPaused { conduct: stop.conduct });
        given(after()).when(&stop).then(std::slice::from_ref(&paused));
        given(after().chain([paused])).when(&stop).then(&[]);
    }

    #[test]
    fn few_recipients_and_good_conduct_call_for_nothing() {
        let id = TenantId::at(now());
        given(guarded(id)).when(&judge(id, 99, 99, 99)).then(&[]);
        given(guarded(id)).when(&judge(id, 1_000, 49, 0)).then(&[]);
        given([tenant(id, Some("acme.com"))]).when(&judge(id, 100, 100, 0)).then(&[]);
        let complaint = judge(id, 1_000, 0, 1);
        let warned = TenantEvent::ReputationWarned { conduct: complaint.conduct };
        given(guarded(id)).when(&complaint).then(&[Fact::Tenant(id, warned)]);
    }

    #[test]
    fn what_was_before_it_was_resumed_is_forgiven() {
        let id = TenantId::at(now());
        let mut stop = judge(id, 100, 10, 0);
        stop.since = now().minus(Duration::from_secs(1));
        let past = guarded(id).into_iter().chain([
            Fact::Tenant(id, TenantEvent::SendingPaused { conduct: stop.conduct }),
            Fact::Tenant(id, TenantEvent::Resumed),
        ]);
        given(past).when(&stop).then_refused(&Refusal::Outdated);
    }
}
