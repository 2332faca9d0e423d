//! Pairs of keys: the private half signs, the public half stands in the DNS.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::values::Secret;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with 2048 bits, which every receiver checks (RFC 8301).
    Rsa,
    /// Ed25519 (RFC 8463).
    Ed25519,
}

impl Algorithm {
    /// Its name in a record's `k=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// It is none of ours, or could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a DKIM key cannot be made or read")]
pub struct KeyError;

/// A new pair of keys.
#[derive(Debug)]
pub struct KeyPair {
    /// PKCS#8 in base64.
    pub private: Secret,
    /// What a record's `p=` holds: for RSA the key with its kind, for Ed25519 the key alone, in base64.
    pub public: String,
}

impl KeyPair {
    /// Makes one; for RSA that takes a good part of a second.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Rsa => {
                let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
                let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map_err(|_| KeyError)?;
                let public = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key());
                Ok(Self::of(private.as_ref(), public.map_err(|_| KeyError)?.as_ref()))
            }
            Algorithm::Ed25519 => {
                let key = Ed25519KeyPair::generate().map_err(|_| KeyError)?;
                let private = key.to_pkcs8().map_err(|_| KeyError)?;
                Ok(Self::of(private.as_ref(), key.public_key().as_ref()))
            }
        }
    }

    fn of(private: &[u8], public: &[u8]) -> Self {
        Self { private: Secret::new(STANDARD.encode(private)), public: STANDARD.encode(public) }
    }
}

/// A private key that is ready to sign.
#[derive(Debug)]
pub(super) enum SigningKey {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    pub(super) fn read(algorithm: Algorithm, private: &Secret) -> Result<Self, KeyError> {
        let der = zeroize::Zeroizing::new(STANDARD.decode(private.expose()).map_err(|_| KeyError)?);
        match algorithm {
            Algorithm::Rsa => RsaKeyPair::from_pkcs8(&der).map(Self::Rsa).map_err(|_| KeyError),
            Algorithm::Ed25519 => {
                Ed25519KeyPair::from_pkcs8(&der).map(Self::Ed25519).map_err(|_| KeyError)
            }
        }
    }

    /// The signature of a text. Ed25519 signs its digest, as RFC 8463 wants it; RSA makes that itself.
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
                    .map_err(|_| KeyError)?;
                Ok(signature)
            }
            Self::Ed25519(key) => {
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
                Ok(key.sign(digest.as_ref()).as_ref().to_vec())
            }
        }
    }
}
