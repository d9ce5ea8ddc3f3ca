//! Keys and signatures, and what each signature is for.
//!
//! A signature covers a purpose and a hash, never bare bytes: what was signed to open a
//! session cannot pass as a commit. Message = purpose (ASCII) ‖ 0x00 ‖ 32-byte hash.

use std::collections::HashMap;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use thiserror::Error;

use crate::model::identifiers::{DeviceKey, Hash, Suite};

/// The 64 bytes of an Ed25519 signature.
pub type Signature = [u8; 64];

/// What a signature is for; part of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A device's commit; the hash is the commit's.
    Commit,
    /// A device proves its key to a hub; the hash is of the challenge.
    Session,
    /// A device asks to enrol; the hash is of the request.
    Enrolment,
    /// The hub's certificate for a device; the hash is of its payload.
    Certificate,
    /// The hub's entry in a zone's sequence; the hash is of its payload.
    Entry,
    /// The hub's challenge of an hour; the hash is of its payload.
    Challenge,
}

impl Purpose {
    /// The ASCII text that begins the signed message.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Commit => "bading/commit/1",
            Self::Session => "bading/session/1",
            Self::Enrolment => "bading/enrolment/1",
            Self::Certificate => "bading/certificate/1",
            Self::Entry => "bading/entry/1",
            Self::Challenge => "bading/challenge/1",
        }
    }

    /// The signed message for a hash.
    #[must_use]
    pub fn message(self, hash: &Hash) -> Vec<u8> {
        [self.label().as_bytes(), &[0], &hash.0].concat()
    }
}

/// Why there is no signature, or why it does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignError {
    /// The signature was not made by this key over this message.
    #[error("the signature does not match")]
    Mismatch,
    /// The host's key cannot sign now (locked, removed, refused).
    #[error("the device key cannot be used")]
    KeyUnavailable,
}

/// Signs with a key that may live in hardware; the core sees only the public half.
pub trait DeviceSigner: Send + Sync {
    /// The public key.
    fn key(&self) -> DeviceKey;

    /// Signs a message as [`Purpose::message`] builds it.
    ///
    /// # Errors
    /// [`SignError::KeyUnavailable`] when the host cannot use the key now.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

/// A key held in memory: of the command, of a hub, of tests. Phones with hardware keys
/// bring their own [`DeviceSigner`].
pub struct SoftwareSigner(SigningKey);

impl SoftwareSigner {
    /// The key of a 32-byte seed, which must be drawn from the operating system's randomness.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }
}

impl DeviceSigner for SoftwareSigner {
    fn key(&self) -> DeviceKey {
        DeviceKey::ed25519(self.0.verifying_key().to_bytes())
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(self.0.sign(message).to_bytes())
    }
}

/// Verifies strictly: small-order keys and non-canonical signatures are refused, so that
/// every implementation gives the same answer.
///
/// # Errors
/// [`SignError::Mismatch`] when the signature does not hold.
pub fn verify(
    key: &DeviceKey,
    purpose: Purpose,
    hash: &Hash,
    signature: &Signature,
) -> Result<(), SignError> {
    match key.suite {
        Suite::Ed25519 => VerifyingKey::from_bytes(&key.bytes)
            .and_then(|verifying| {
                let signature = ed25519_dalek::Signature::from_bytes(signature);
                verifying.verify_strict(&purpose.message(hash), &signature)
            })
            .map_err(|_| SignError::Mismatch),
    }
}

/// Verifies many signatures, as strictly as [`verify`]: the point of a key, a tenth of the
/// work, is computed once for all that it signed. Grows with the number of keys.
#[derive(Debug, Default)]
pub struct Verifier {
    keys: HashMap<DeviceKey, Option<VerifyingKey>>,
}

impl Verifier {
    /// Verifies one signature.
    ///
    /// # Errors
    /// [`SignError::Mismatch`] when it does not hold.
    pub fn verify(
        &mut self,
        key: &DeviceKey,
        purpose: Purpose,
        hash: &Hash,
        signature: &Signature,
    ) -> Result<(), SignError> {
        let Suite::Ed25519 = key.suite;
        self.keys
            .entry(*key)
            .or_insert_with(|| VerifyingKey::from_bytes(&key.bytes).ok())
            .as_ref()
            .and_then(|verifying| {
                let signature = ed25519_dalek::Signature::from_bytes(signature);
                let message = purpose.message(hash);
                verifying.verify_strict(&message, &signature).ok()
            })
            .ok_or(SignError::Mismatch)
    }
}

/// BLAKE3 of some bytes.
#[must_use]
pub fn hash_of(bytes: &[u8]) -> Hash {
    Hash(*blake3::hash(bytes).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_for_one_purpose_does_not_serve_another() {
        let signer = SoftwareSigner::from_seed(&[7; 32]);
        let hash = hash_of(b"challenge");
        let signature = signer
            .sign(&Purpose::Session.message(&hash))
            .expect("a software key signs");
        assert_eq!(
            verify(&signer.key(), Purpose::Session, &hash, &signature),
            Ok(())
        );
        assert_eq!(
            verify(&signer.key(), Purpose::Commit, &hash, &signature),
            Err(SignError::Mismatch)
        );
    }

    #[test]
    fn bytes_that_are_no_key_do_not_verify_and_do_not_panic() {
        let hash = hash_of(b"x");
        for bytes in [[0; 32], [0xff; 32], [1; 32]] {
            let key = DeviceKey::ed25519(bytes);
            assert_eq!(
                verify(&key, Purpose::Commit, &hash, &[0; 64]),
                Err(SignError::Mismatch)
            );
        }
    }
}
