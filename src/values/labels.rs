//! What a caller writes on an email for itself: tags, metadata, priority.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::has_control;

/// Up to ten short words by which emails are found again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(Vec<String>);

/// Up to fifty strings under names of the caller's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailMetadata(BTreeMap<String, String>);

/// Which of a tenant's mails go first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before the others.
    High,
    /// As it comes.
    #[default]
    Normal,
    /// After the others.
    Low,
}

/// Why a label is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Not a tag.
    #[error("a tag has 1 to 64 characters, and no control characters")]
    Tag,
    /// Too many tags.
    #[error("too many tags: at most 10")]
    TooManyTags,
    /// Not a name for metadata.
    #[error("a metadata key has 1 to 64 characters, and no control characters")]
    MetadataKey,
    /// Too long a value.
    #[error("a metadata value has at most 500 characters, and no NUL")]
    MetadataValue,
    /// Too much metadata.
    #[error("too much metadata: at most 50 keys")]
    TooMuchMetadata,
    /// Not a priority.
    #[error("give high, normal or low")]
    Priority,
}

impl Tags {
    /// Adds one, once.
    pub fn push(&mut self, tag: &str) -> Result<(), LabelError> {
        if !is_name(tag) {
            return Err(LabelError::Tag);
        }
        if self.0.iter().any(|known| known == tag) {
            return Ok(());
        }
        if self.0.len() >= 10 {
            return Err(LabelError::TooManyTags);
        }
        self.0.push(tag.to_owned());
        Ok(())
    }

    /// All of them.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl EmailMetadata {
    /// Adds one entry.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), LabelError> {
        if !is_name(key) {
            return Err(LabelError::MetadataKey);
        }
        if value.chars().count() > 500 || value.contains('\0') {
            return Err(LabelError::MetadataValue);
        }
        if self.0.len() >= 50 && !self.0.contains_key(key) {
            return Err(LabelError::TooMuchMetadata);
        }
        self.0.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    /// All entries.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 64 && !has_control(text)
}

impl Priority {
    /// The lower, the earlier.
    pub fn rank(self) -> i16 {
        match self {
            Self::High => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }

    /// Its name in answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Priority {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        match text {
            "high" => Ok(Self::High),
            "normal" => Ok(Self::Normal),
            "low" => Ok(Self::Low),
            _ => Err(LabelError::Priority),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_tags_and_no_more_and_each_once() {
        let mut tags = Tags::default();
        for n in 0..10 {
            tags.push(&format!("t{n}")).unwrap();
        }
        assert_eq!(tags.push("t3"), Ok(()));
        assert_eq!(tags.push("t10"), Err(LabelError::TooManyTags));
        assert_eq!(Tags::default().push("a\nb"), Err(LabelError::Tag));
    }

    #[test]
    fn metadata_is_bounded() {
        let mut metadata = EmailMetadata::default();
        assert_eq!(metadata.insert("order", "42"), Ok(()));
        assert_eq!(metadata.insert("", "x"), Err(LabelError::MetadataKey));
        assert_eq!(metadata.insert("k", &"x".repeat(501)), Err(LabelError::MetadataValue));
    }
}
