//! What is personal in a payload, sealed on its way into the log and opened on its way out.
//!
//! `{"code":550,"personal":{…}}` stands in the log as `{"code":550,"personal":"v1.…"}`: one seal a fact.
//! The text is cut and joined, never written anew, so all else stays byte for byte what the codec wrote.

use std::borrow::Cow;

use crate::values::{DataKey, ERASED, EventId, OpenError, TenantId};

/// The one member that is sealed.
const MEMBER: &str = "\"personal\":";

/// A sealed text opens in the very fact for which it was sealed, and nowhere else.
pub(super) fn context(tenant: TenantId, fact: EventId) -> String {
    format!("{tenant}/{fact}")
}

/// The payload with its personal part sealed; erased at once, if the key is destroyed.
pub(super) fn sealed(
    payload: String,
    key: Option<&DataKey>,
    context: &str,
) -> Result<String, OpenError> {
    let Some((before, personal, after)) = cut(&payload) else { return Ok(payload) };
    let sealed = match key {
        Some(key) => key.seal(context, personal)?,
        None => ERASED.to_owned(),
    };
    Ok(format!("{before}\"{sealed}\"{after}"))
}

/// The payload without its personal part, sealed or not.
pub(super) fn erased(payload: &str) -> String {
    match cut(payload) {
        Some((before, _, after)) => format!("{before}\"{ERASED}\"{after}"),
        None => payload.to_owned(),
    }
}

/// The payload with its personal part in clear; as erased, if the key is destroyed.
pub(super) fn opened<'a>(
    payload: &'a str,
    key: Option<&DataKey>,
    context: &str,
) -> Result<Cow<'a, str>, OpenError> {
    let Some((before, personal, after)) = cut(payload) else { return Ok(Cow::Borrowed(payload)) };
    let sealed = personal.trim_matches('"');
    if sealed == ERASED {
        return Ok(Cow::Borrowed(payload));
    }
    let clear = match key {
        Some(key) => key.open(context, sealed)?,
        None => format!("\"{ERASED}\""),
    };
    Ok(Cow::Owned(format!("{before}{clear}{after}")))
}

/// What stands before the personal part, itself, and what stands after it: it is the last member, and no text
/// that somebody gave can look like its name, since quotes in there are escaped.
fn cut(payload: &str) -> Option<(&str, &str, &str)> {
    let at = payload.find(MEMBER)? + MEMBER.len();
    let (before, rest) = payload.split_at(at);
    Some((before, rest.strip_suffix('}')?, "}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAR: &str =
        r#"{"code":550,"personal":{"recipient":"ann@example.org","message":"\"personal\":{}"}}"#;

    #[test]
    fn what_was_sealed_opens_to_the_same_byte_for_byte() {
        let key = DataKey::make();
        let sealed = sealed(CLEAR.to_owned(), Some(&key), "t/1").unwrap();
        assert!(sealed.starts_with(r#"{"code":550,"personal":"v1."#) && !sealed.contains("ann"));
        assert_eq!(opened(&sealed, Some(&key), "t/1").unwrap(), CLEAR);
        assert!(opened(&sealed, Some(&key), "t/2").is_err());
        assert!(opened(&sealed, Some(&DataKey::make()), "t/1").is_err());
    }

    #[test]
    fn without_a_key_it_is_erased() {
        let erased = r#"{"code":550,"personal":"[erased]"}"#;
        let once_sealed = sealed(CLEAR.to_owned(), Some(&DataKey::make()), "t/1").unwrap();
        assert_eq!(opened(&once_sealed, None, "t/1").unwrap(), erased);
        assert_eq!(sealed(CLEAR.to_owned(), None, "t/1").unwrap(), erased);
        assert_eq!(opened(erased, Some(&DataKey::make()), "t/1").unwrap(), erased);
    }

    #[test]
    fn a_payload_with_nothing_personal_stays_as_it_is() {
        for plain in ["null", r#"{"attempt":2}"#, r#"{"name":"\"personal\":{}"}"#] {
            assert_eq!(sealed(plain.to_owned(), Some(&DataKey::make()), "t/1").unwrap(), plain);
            assert_eq!(opened(plain, None, "t/1").unwrap(), plain);
        }
    }
}
