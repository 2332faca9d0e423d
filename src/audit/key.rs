//! The key that signs, and the key by which anybody can check: notes as C2SP has them
//! (<https://c2sp.org/signed-note>), with Ed25519.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_core::OsRng;
use signed_note::{
    Note, Signer as _, StandardSigner, StandardVerifier, Verifier as _, VerifierList,
};

use crate::values::Secret;

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Signs notes in the name of one log.
pub struct Signer {
    signer: StandardSigner,
    verifier: VerifierKey,
}

/// Checks notes of one log: `name+hash+key`, as it is published.
#[derive(Clone)]
pub struct VerifierKey {
    text: String,
    public: [u8; 32],
    verifier: StandardVerifier,
}

/// A key that was made just now, to be kept.
pub struct NewKey {
    /// What signs.
    pub secret: Secret,
    /// What may be published.
    pub verifier: String,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no key at all.
    #[error("not a verifier key: give it as /v1/audit/key shows it, name+hash+key")]
    Verifier,
    /// The two halves are not of one key, or the secret half is broken.
    #[error("the signing key and its public half do not fit together")]
    Halves,
}

/// Why a note cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not written as a note.
    #[error("it is not a signed note")]
    Malformed,
    /// Somebody else's, or nobody's.
    #[error("it is not signed by this key")]
    OtherKey,
    /// It was changed after it was signed.
    #[error("the signature does not fit: it was changed after it was signed")]
    Changed,
}

impl NewKey {
    /// Makes one, for a log that gets its name with it: nobody else's is called the same.
    pub fn make() -> Self {
        let name = format!("selfmx/{}", hex::encode(rand::random::<[u8; 8]>()));
        let (secret, verifier) = signed_note::generate_key(&mut OsRng, &name);
        Self { secret: Secret::new(secret), verifier }
    }
}

impl Signer {
    /// Takes both halves of a key, and makes sure that they are of one.
    pub fn new(secret: &Secret, verifier: &str) -> Result<Self, KeyError> {
        let signer = StandardSigner::new(secret.expose()).map_err(|_| KeyError::Halves)?;
        let verifier: VerifierKey = verifier.parse()?;
        let trial = signer.sign(b"\n").map_err(|_| KeyError::Halves)?;
        let fits = signer.name() == verifier.name() && verifier.verifier.verify(b"\n", &trial);
        if fits { Ok(Self { signer, verifier }) } else { Err(KeyError::Halves) }
    }

    /// The half that is published.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs whole lines, the same each time.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        let mut note = Note::new(text.as_bytes(), &[]).map_err(|_| NoteError::Malformed)?;
        note.add_sigs(&[&self.signer]).map_err(|_| NoteError::Malformed)?;
        String::from_utf8(note.to_bytes()).map_err(|_| NoteError::Malformed)
    }
}

impl VerifierKey {
    /// The name of the log.
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// The Ed25519 key itself, in base64.
    pub fn public(&self) -> String {
        STANDARD.encode(self.public)
    }

    /// The same as other tools read it.
    pub fn pem(&self) -> String {
        let info = STANDARD.encode([&SPKI[..], &self.public].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{info}\n-----END PUBLIC KEY-----\n")
    }

    /// The text of a note that is signed by this key.
    pub fn open(&self, note: &str) -> Result<String, NoteError> {
        let note = Note::from_bytes(note.as_bytes()).map_err(|_| NoteError::Malformed)?;
        let known = VerifierList::new(vec![Box::new(self.verifier.clone())]);
        match note.verify(&known) {
            Ok(_) => String::from_utf8(note.text().to_vec()).map_err(|_| NoteError::Malformed),
            Err(signed_note::NoteError::UnverifiedNote) => Err(NoteError::OtherKey),
            Err(_) => Err(NoteError::Changed),
        }
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let verifier = StandardVerifier::new(text).map_err(|_| KeyError::Verifier)?;
        // What it has accepted is `name+hash+` and, in base64, the kind of the key and the key.
        let key = text.splitn(3, '+').nth(2).and_then(|key| STANDARD.decode(key).ok());
        let public = key.as_deref().and_then(|key| key.get(1..)?.try_into().ok());
        Ok(Self { text: text.to_owned(), public: public.ok_or(KeyError::Verifier)?, verifier })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the documentation of Go's `golang.org/x/mod/sumdb/note`.
    const SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN\
                             1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn signer() -> Signer {
        Signer::new(&Secret::new(SECRET), VERIFIER).unwrap()
    }

    #[test]
    fn the_known_note_is_signed_as_others_sign_it() {
        let note = signer().sign(TEXT).unwrap();
        assert_eq!(note, format!("{TEXT}\n{SIGNATURE}"));
        assert_eq!(signer().verifier().open(&note), Ok(TEXT.to_owned()));
    }

    #[test]
    fn a_changed_note_and_anothers_note_are_told_apart() {
        let note = signer().sign(TEXT).unwrap();
        let changed = note.replace("problem", "answer");
        assert_eq!(signer().verifier().open(&changed), Err(NoteError::Changed));
        let new = NewKey::make();
        let other = Signer::new(&new.secret, &new.verifier).unwrap();
        assert_eq!(other.verifier().open(&note), Err(NoteError::OtherKey));
        assert_eq!(other.verifier().open(TEXT), Err(NoteError::Malformed));
    }

    #[test]
    fn halves_of_two_keys_are_no_key() {
        let (one, two) = (NewKey::make(), NewKey::make());
        assert_eq!(Signer::new(&one.secret, &two.verifier).unwrap_err(), KeyError::Halves);
        for text in ["", "x", "PeterNeumann+c74f20a3", "Peter+c74f20a3+ARpc2Qc="] {
            assert_eq!(text.parse::<VerifierKey>().unwrap_err(), KeyError::Verifier, "{text}");
        }
        let shown = format!("{:?}", Signer::new(&one.secret, &one.verifier).unwrap());
        assert!(!shown.contains("PRIVATE"));
    }

    #[test]
    fn other_tools_can_read_it() {
        assert_eq!(signer().verifier().public(), "GlzZBxQ8OExB6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY=");
        let pem = "-----BEGIN PUBLIC KEY-----\n\
                   MCowBQYDK2VwAyEAGlzZBxQ8OExB6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY=\n\
                   -----END PUBLIC KEY-----\n";
        assert_eq!(signer().verifier().pem(), pem);
    }
}
