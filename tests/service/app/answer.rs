//! An answer of the service, as a client sees it.

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// What the service said.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The text as JSON; null if it is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(super) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, body }
    }

    /// The same, if it has this status; else the test ends with all of it.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A text in the body, by its path such as `/error/code`.
    #[track_caller]
    pub(crate) fn text_at(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text at {pointer}: {}", self.text)).to_owned()
    }

    /// A number in the body.
    #[track_caller]
    pub(crate) fn number_at(&self, pointer: &str) -> i64 {
        let found = self.body.pointer(pointer).and_then(Value::as_i64);
        found.unwrap_or_else(|| panic!("no number at {pointer}: {}", self.text))
    }

    /// The error's code.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        self.text_at("/error/code")
    }

    /// The faulty fields of an error, in the order in which they are told.
    pub(crate) fn faulty_fields(&self) -> Vec<String> {
        let details = self.body.pointer("/error/details").and_then(Value::as_array);
        let fields = details.into_iter().flatten().filter_map(|detail| detail["field"].as_str());
        fields.map(ToOwned::to_owned).collect()
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}
