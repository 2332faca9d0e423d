//! Which of the forms of an answer a caller would like.

use axum::http::{HeaderMap, header};

/// True if `Accept` names `wanted` before `usual`; neither named, the usual one will do.
pub fn prefers(headers: &HeaderMap, wanted: &str, usual: &str) -> bool {
    let given = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut named = given
        .flat_map(|value| value.split(','))
        .map(|one| one.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    named.find(|one| one == wanted || one == usual).is_some_and(|one| one == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_two_that_is_named_is_meant() {
        let asked = |accept: &'static str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            prefers(&headers, "text/csv", "application/json")
        };
        assert!(asked("text/csv") && asked("text/html, Text/CSV;q=0.5, application/json"));
        assert!(!asked("*/*") && !asked("application/json, text/csv") && !asked(""));
        assert!(!prefers(&HeaderMap::new(), "text/csv", "application/json"));
    }
}
