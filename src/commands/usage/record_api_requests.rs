//! The requests of a day so far become a fact.

use std::convert::Infallible;

use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision, State};
use crate::events::{Fact, Recorded, Stream, UsageEvent};
use crate::values::{Day, TenantId, Timestamp};

/// Tells how many requests there were in all on a day: told twice, it is recorded once.
#[derive(Clone, Copy, Debug)]
pub struct RecordApiRequests {
    /// Whose.
    pub tenant: TenantId,
    /// On which UTC day.
    pub day: Day,
    /// How many in all.
    pub total: u64,
}

/// How many were recorded before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageState {
    recorded: u64,
}

impl State for UsageState {
    fn evolve(&mut self, recorded: &Recorded) {
        if let Fact::Usage(_, _, UsageEvent::ApiRequestsCounted { requests }) = &recorded.fact {
            self.recorded += requests;
        }
    }
}

impl Command for RecordApiRequests {
    type State = UsageState;
    type Refusal = Infallible;

    fn stream(&self) -> Stream {
        Stream::usage(self.tenant, self.day)
    }

    fn decide(
        &self,
        usage: &UsageState,
        _: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Infallible> {
        let requests = self.total.saturating_sub(usage.recorded);
        if requests == 0 {
            return Ok(Decision::already());
        }
        let event = UsageEvent::ApiRequestsCounted { requests };
        Ok(Decision::of(vec![Fact::Usage(self.tenant, self.day, event)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};

    #[test]
    fn only_what_is_new_is_recorded() {
        let tenant = TenantId::at(now());
        let day = now().day();
        let counted =
            |requests| Fact::Usage(tenant, day, UsageEvent::ApiRequestsCounted { requests });
        let command = RecordApiRequests { tenant, day, total: 10 };
        given([]).when(&command).then(&[counted(10)]);
        given([counted(3), counted(4)]).when(&command).then(&[counted(3)]);
        given([counted(10)]).when(&command).then(&[]);
    }
}
