//! Each request has a name, by which its answer, its log lines and its facts find each other.

use axum::extract::Request;
use axum::http::HeaderName;
use axum::response::Response;
use uuid::Uuid;

/// The header that carries it, both ways.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest that we take from a caller.
const LONGEST: usize = 128;

/// A request's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// Gives a request its name.
    pub fn give(request: &mut Request) -> Self {
        let id = Self::of(request);
        request.extensions_mut().insert(id.clone());
        id
    }

    /// Tells it with the answer.
    pub fn tell(&self, response: &mut Response) {
        if let Ok(value) = self.0.parse() {
            response.headers_mut().insert(HEADER, value);
        }
    }

    /// The caller's own if it is sane, else a new one.
    fn of(request: &Request) -> Self {
        let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        let sane = given.filter(|text| is_sane(text)).map(ToOwned::to_owned);
        Self(sane.unwrap_or_else(|| Uuid::new_v4().simple().to_string()))
    }
}

fn is_sane(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::is_sane;

    #[test]
    fn a_name_that_could_forge_a_log_line_is_not_taken() {
        assert!(is_sane("order-42/a.b_c:d"));
        for text in ["", "a b", "a\nb", "ä", &"x".repeat(129)] {
            assert!(!is_sane(text), "{text:?}");
        }
    }
}
