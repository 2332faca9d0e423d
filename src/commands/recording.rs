//! What a decision asks of the log: its facts, what must hold for them, and the answer to keep with them.

use super::context::{Context, Repeatable};
use super::past::{Done, Past};
use super::{Command, Decision};
use crate::events::Stream;
use crate::events::store::append::{Append, Guard, Part, Receipt};
use crate::values::Timestamp;

/// Keeps the answer to a request that may come twice.
pub(super) struct Receipter<'a, S> {
    pub(super) repeatable: &'a Repeatable,
    pub(super) answer: &'a (dyn Fn(&Done<S>) -> Vec<u8> + Sync),
}

/// All that is to be recorded of a decision, if what it saw is still so.
pub(super) fn append<C: Command>(
    command: &C,
    (past, tenant_version): (&Past<C::State>, i64),
    decision: Decision,
    context: &Context,
    at: Timestamp,
) -> Append {
    let own = command.stream();
    let relied_on = command.relies_on().map(Stream::tenant);
    let mut parts: Vec<Part> = Vec::new();
    for fact in decision.facts {
        let stream = fact.stream();
        if let Some(known) = parts.iter_mut().find(|part| part.stream == stream) {
            known.facts.push(fact);
        } else {
            let expected = expected(&stream, (&own, past.version), (&relied_on, tenant_version));
            parts.push(Part { stream, expected, facts: vec![fact] });
        }
    }
    // First whether the decision still stands: if its limit was raised meanwhile, it must not fail by the old one.
    let mut guards = Vec::new();
    if let Some(tenant) = command.relies_on() {
        guards.push(Guard::StreamAt { stream: Stream::tenant(tenant), version: tenant_version });
    }
    if let Some(key) = &context.key {
        guards.push(Guard::StreamAt { stream: key.stream.clone(), version: key.version });
    }
    guards.extend(decision.guards);
    Append {
        parts,
        guards,
        contents: decision.contents.into_iter().collect(),
        metadata: context.metadata(past.last.as_ref()),
        at,
    }
}

/// The version from which facts go on: what was seen of the command's own stream or of the tenant's, on
/// which it relies; every other stream begins.
fn expected(
    stream: &Stream,
    (own, version): (&Stream, i64),
    (tenant, tenant_version): (&Option<Stream>, i64),
) -> i64 {
    if stream == own {
        version
    } else if Some(stream) == tenant.as_ref() {
        tenant_version
    } else {
        0
    }
}

/// The same, with the answer under which it is known when it is asked again.
pub(super) fn with_receipt<S>(
    mut append: Append,
    receipter: Option<&Receipter<'_, S>>,
    done: &Done<S>,
) -> Append {
    if let Some(Receipter { repeatable, answer }) = receipter {
        append.guards.push(Guard::Receipt(receipt(repeatable, answer(done))));
    }
    append
}

/// An answer to keep.
pub(super) fn receipt(repeatable: &Repeatable, answer: Vec<u8>) -> Receipt {
    Receipt {
        scope: repeatable.scope.clone(),
        key: repeatable.key.clone(),
        request: repeatable.request.clone(),
        answer,
    }
}
