//! The tokens that open doors: made, told from typing errors, hashed.

use std::fmt;
use std::str::FromStr;

use super::text::serde_by_text;
use super::{Secret, SecretKey};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 256 bits need so many characters of base 62.
const RANDOM: usize = 43;

/// A CRC-32 needs so many.
const CHECKSUM: usize = 6;

/// So much of a token is shown, to tell keys apart.
const SHOWN: usize = 12;

/// Whose doors a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A tenant's.
    Tenant,
    /// All.
    Admin,
}

impl TokenKind {
    /// What each of them begins with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Tenant => "sk_live_",
            Self::Admin => "sk_admin_",
        }
    }
}

/// Making and checking of tokens.
#[derive(Debug)]
pub struct Token;

/// The keyed hash of a token: what is kept of it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl Token {
    /// A new one: 256 random bits and a checksum.
    pub fn make(kind: TokenKind) -> Secret {
        let random = base62(&rand::random::<[u8; 32]>(), RANDOM);
        let body = format!("{}{random}", kind.prefix());
        let checksum = checksum_of(&body);
        Secret::new(format!("{body}{checksum}"))
    }

    /// False for a text that begins like one of ours but was mistyped: it costs no look-up.
    pub fn looks_valid(text: &str) -> bool {
        let kinds = [TokenKind::Tenant, TokenKind::Admin];
        let Some(kind) = kinds.into_iter().find(|kind| text.starts_with(kind.prefix())) else {
            // An operator's own key may be any text.
            return (32..=512).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        };
        let length = kind.prefix().len() + RANDOM + CHECKSUM;
        text.len() == length
            && text.is_ascii()
            && text
                .split_at_checked(length - CHECKSUM)
                .is_some_and(|(body, checksum)| checksum_of(body) == checksum)
    }

    /// The keyed hash under which it is found.
    pub fn hash(key: &SecretKey, text: &str) -> TokenHash {
        TokenHash(hex::encode(key.hash(text)))
    }

    /// The first characters, to tell keys apart in a list; an operator's own shows nothing.
    pub fn display_prefix(text: &str) -> String {
        if text.starts_with("sk_") { text.chars().take(SHOWN).collect() } else { String::new() }
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl FromStr for TokenHash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex { Ok(Self(text.to_owned())) } else { Err("not a hash of a token") }
    }
}

serde_by_text!(TokenHash);

fn checksum_of(body: &str) -> String {
    base62(&crc32fast::hash(body.as_bytes()).to_be_bytes(), CHECKSUM)
}

/// A big-endian number in base 62, with leading zeros.
fn base62(number: &[u8], length: usize) -> String {
    let mut number = number.to_vec();
    let mut digits = vec![b'0'; length];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = usize::try_from(remainder).map_or(b'0', |index| ALPHABET[index]);
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_token_is_noticed_without_a_look_up() {
        let token = Token::make(TokenKind::Tenant);
        let text = token.expose();
        assert!(Token::looks_valid(text));
        for place in 0..text.len() {
            let mut typed = text.to_owned().into_bytes();
            typed[place] = if typed[place] == b'x' { b'y' } else { b'x' };
            let typed = String::from_utf8(typed).unwrap();
            // Without our prefix it may be an operator's own: that costs a look-up.
            assert!(!Token::looks_valid(&typed) || !typed.starts_with("sk_live_"), "{place}");
        }
    }

    #[test]
    fn an_operators_own_key_is_any_text_of_32_characters() {
        assert!(Token::looks_valid(&"k".repeat(32)));
        assert!(!Token::looks_valid(&"k".repeat(31)));
        assert!(!Token::looks_valid("with a space, and longer than 32 characters"));
    }

    #[test]
    fn a_hash_needs_the_servers_key() {
        let one = SecretKey::new(&"a".repeat(32)).unwrap();
        let other = SecretKey::new(&"b".repeat(32)).unwrap();
        assert_ne!(Token::hash(&one, "token"), Token::hash(&other, "token"));
        assert_eq!(Token::hash(&one, "token"), Token::hash(&one, "token"));
    }

    #[test]
    fn base_62_is_a_number_with_leading_zeros() {
        assert_eq!(base62(&[0], 3), "000");
        assert_eq!(base62(&[61], 3), "00z");
        assert_eq!(base62(&[1, 0], 3), "048");
        assert_eq!(base62(&[255; 32], RANDOM).len(), RANDOM);
    }
}
