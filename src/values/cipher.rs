//! `XChaCha20-Poly1305`: what one key sealed for an owner opens with that key, for that owner.
//!
//! Put together as [the draft](https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha-03#section-2.3) says:
//! `HChaCha20` makes a key of its own for each nonce, with which the AEAD of RFC 8439 does all else.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20::{R20, hchacha};
use zeroize::Zeroizing;

use super::OpenError;

/// A nonce of `XChaCha20` is long enough to be drawn at random.
const NONCE: usize = 24;

const TAG: usize = 16;

/// What sealed texts begin with, so that another cipher can follow one day.
pub(super) const VERSION: &str = "v1.";

/// A key that seals and opens.
#[derive(Clone)]
pub(super) struct Cipher(Zeroizing<[u8; 32]>);

impl Cipher {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// The key itself, to be wrapped.
    pub(super) fn key(&self) -> &[u8; 32] {
        &self.0
    }

    /// A nonce drawn at random, and what was encrypted with it; `owner` must be given again to open it.
    pub(super) fn seal(&self, owner: &str, plain: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.seal_with(rand::random(), owner, plain)
    }

    fn seal_with(
        &self,
        nonce: [u8; NONCE],
        owner: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, OpenError> {
        let mut sealed = Vec::with_capacity(NONCE + plain.len() + TAG);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (key, nonce) = self.of(nonce)?;
        let (_, text) = sealed.split_at_mut_checked(NONCE).ok_or(OpenError)?;
        let owner = Aad::from(owner.as_bytes());
        let tag = key.seal_in_place_separate_tag(nonce, owner, text).map_err(|_| OpenError)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens such bytes.
    pub(super) fn open(&self, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (nonce, encrypted) = sealed.split_at_checked(NONCE).ok_or(OpenError)?;
        let (key, nonce) = self.of(nonce.try_into().map_err(|_| OpenError)?)?;
        let mut text = encrypted.to_vec();
        let owner = Aad::from(owner.as_bytes());
        let length = key.open_in_place(nonce, owner, &mut text).map_err(|_| OpenError)?.len();
        text.truncate(length);
        Ok(text)
    }

    /// Seals a text as a text.
    pub(super) fn seal_text(&self, owner: &str, plain: &str) -> Result<String, OpenError> {
        let sealed = self.seal(owner, plain.as_bytes())?;
        let mut text = String::with_capacity(VERSION.len() + sealed.len().div_ceil(3) * 4);
        text.push_str(VERSION);
        STANDARD_NO_PAD.encode_string(sealed, &mut text);
        Ok(text)
    }

    /// Opens such a text.
    pub(super) fn open_text(&self, owner: &str, sealed: &str) -> Result<String, OpenError> {
        let text = sealed.strip_prefix(VERSION).ok_or(OpenError)?;
        let sealed = STANDARD_NO_PAD.decode(text).map_err(|_| OpenError)?;
        String::from_utf8(self.open(owner, &sealed)?).map_err(|_| OpenError)
    }

    /// The key for one nonce, and what of the nonce is left for it.
    fn of(&self, nonce: [u8; NONCE]) -> Result<(LessSafeKey, Nonce), OpenError> {
        let (first, rest) = nonce.split_first_chunk::<16>().ok_or(OpenError)?;
        let key =
            Zeroizing::new(<[u8; 32]>::from(hchacha::<R20>(&(*self.0).into(), &(*first).into())));
        let key = UnboundKey::new(&CHACHA20_POLY1305, &*key).map_err(|_| OpenError)?;
        let mut nonce = [0; 12];
        nonce.iter_mut().skip(4).zip(rest).for_each(|(to, from)| *to = *from);
        Ok((LessSafeKey::new(key), Nonce::assume_unique_for_key(nonce)))
    }
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::{Aead as _, Payload};
    use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
    use proptest::prelude::*;

    use super::*;

    /// What another implementation of the same draft makes of it, behind the nonce.
    fn theirs(key: [u8; 32], nonce: [u8; NONCE], owner: &str, plain: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: owner.as_bytes() };
        let cipher = XChaCha20Poly1305::new(&key.into());
        let encrypted = cipher.encrypt(&XNonce::from(nonce), payload).unwrap();
        [nonce.as_slice(), &encrypted].concat()
    }

    /// The example in appendix A.3.1 of the draft, whose associated data is no text: only its beginning is held
    /// against ours, since that does not depend on them.
    #[test]
    fn it_encrypts_as_the_draft_does() {
        let plain =
            b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the \
                      future, sunscreen would be it.";
        let key = std::array::from_fn(|n| 0x80 + u8::try_from(n).unwrap());
        let nonce = std::array::from_fn(|n| 0x40 + u8::try_from(n).unwrap());
        let sealed = Cipher::new(key).seal_with(nonce, "", plain).unwrap();
        assert_eq!(hex::encode(&sealed[NONCE..NONCE + 16]), "bd6d179d3e83d43b9576579493c0e939");
    }

    proptest! {
        #[test]
        fn it_is_what_another_implementation_makes_of_it(
            key: [u8; 32],
            nonce: [u8; NONCE],
            owner in ".{0,40}",
            plain in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let ours = Cipher::new(key);
            let sealed = ours.seal_with(nonce, &owner, &plain).unwrap();
            prop_assert_eq!(&sealed, &theirs(key, nonce, &owner, &plain));
            prop_assert_eq!(ours.open(&owner, &sealed).unwrap(), plain);
        }
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let cipher = Cipher::new([7; 32]);
        let sealed = cipher.seal("a", b"content").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(cipher.open("a", &changed).is_err(), "{place}");
            assert!(cipher.open("a", &sealed[..place]).is_err(), "{place}");
        }
        assert!(cipher.open("b", &sealed).is_err());
        assert!(Cipher::new([8; 32]).open("a", &sealed).is_err());
        assert_eq!(cipher.open("a", &sealed).unwrap(), b"content");
    }
}
