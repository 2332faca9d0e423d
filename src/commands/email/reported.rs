//! Who is meant in a report about an email that has left.

use super::{Email, Pending};
use crate::values::Address;

/// Whether somebody whom a report names can be found in the email.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// The relay took it for this recipient.
    Reached(&'a Pending),
    /// What the relay said is not recorded yet: a report can be quicker than we are.
    Early,
    /// It is none whom the relay took it for, or it has bounced already.
    Nobody,
}

/// Finds a recipient by the addresses under which a report may name it: as it was sent to, and as it is where a
/// forwarding ended. In an email to one recipient that one is meant, whatever the report calls it.
pub(super) fn find<'a>(email: &'a Email, named: &[Address]) -> Found<'a> {
    let alone = email.accepted.recipients.len() == 1;
    let is_meant =
        |one: &&Pending| alone || one.address.known().is_some_and(|a| is_among(a, named));
    match email.reached.iter().find(is_meant) {
        Some(reached) => Found::Reached(reached),
        None if email.pending.iter().any(|one| is_meant(&one)) => Found::Early,
        None => Found::Nobody,
    }
}

/// Systems on the way may change upper and lower case.
fn is_among(address: &Address, named: &[Address]) -> bool {
    let address = address.to_string().to_lowercase();
    named.iter().any(|one| one.to_string().to_lowercase() == address)
}
