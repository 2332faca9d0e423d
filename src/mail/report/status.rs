//! Reads delivery status notifications (RFC 3464): who did not get a mail.

use super::fields::{Fields, shortened, untyped};
use crate::values::{Address, EnhancedStatus};

/// A recipient to whom a mail did not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Under which addresses the report knows it: where it ended, and as it was sent to.
    pub named: Vec<Address>,
    /// Why.
    pub status: EnhancedStatus,
    /// What the last relay answered.
    pub diagnostic: String,
}

/// Those whom the report gives up. `failed` is final, also for a reason that might have passed (`4.4.7`: it was
/// tried for days); `delayed`, `relayed`, `expanded` and `delivered` are not (RFC 3464, 2.3.3).
pub(super) fn failures(text: &str) -> Vec<Failure> {
    let groups = Fields::groups(text);
    let has_failed = |group: &&Fields| {
        group.get("action").is_some_and(|action| action.eq_ignore_ascii_case("failed"))
    };
    groups.iter().filter(has_failed).filter_map(failure).collect()
}

fn failure(group: &Fields) -> Option<Failure> {
    let named = group.addresses(&["final-recipient", "original-recipient"]);
    let status = group.get("status").and_then(EnhancedStatus::leading)?;
    let diagnostic = group.get("diagnostic-code").map(untyped);
    let diagnostic = diagnostic.map_or_else(|| status.to_string(), shortened);
    Some(Failure { named, status, diagnostic })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_recipients_only_the_failed_ones_are_told() {
        let text = "Reporting-MTA: dns; mx.example.net\n\n\
            Final-Recipient: rfc822; ann@example.org\nAction: delivered\nStatus: 2.0.0\n\n\
            Original-Recipient: rfc822;bob@example.org\nFinal-Recipient: rfc822;b@elsewhere.org\n\
            Action: Failed\nStatus: 4.4.7 (expired)\n\n\
            Final-Recipient: rfc822; eve@example.org\nAction: failed\n";
        let failed = failures(text);
        assert_eq!(failed.len(), 1, "one was delivered, and one has no status");
        let named: Vec<String> = failed[0].named.iter().map(Address::to_string).collect();
        assert_eq!(named, ["bob@example.org", "b@elsewhere.org"]);
        assert_eq!(
            (failed[0].status.to_string(), &*failed[0].diagnostic),
            ("4.4.7".into(), "4.4.7")
        );
    }
}
