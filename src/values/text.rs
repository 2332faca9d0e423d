//! Serde by text: a value is written as it is displayed and read as it is parsed.

/// Gives a type with `Display` and `FromStr` the same text in JSON.
macro_rules! serde_by_text {
    ($($name:ty),+ $(,)?) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

pub(super) use serde_by_text;

/// True for characters that must not reach a header, a log line or a screen.
pub(super) fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
