//! The city's escrow key: where its policy allows, a store's data key is wrapped for it too, so
//! that evidence that was never sent outlives a lost keystore. The public half is pinned at
//! enrolment; the secret half never comes near a phone or a hub.
//!
//! X25519 between the escrow key and a key of the moment, then the sealing of secrets
//! ([`DataKey::seal_secret`]). The key of the moment is derived from the data key and the
//! escrow key, which nobody else has both of: storage draws no random numbers.
//!
//! Source: docs/formats/store.md; docs/decisions/0027.

use std::fmt;
use std::str::FromStr;

use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::storage::StoreError;
use crate::storage::vault::DataKey;

const NAME: &str = "escrow";
const PUBLIC_BYTES: usize = 32;

/// The public half of a city's escrow key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscrowKey(pub [u8; 32]);

impl fmt::Display for EscrowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for EscrowKey {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
            StoreError::Damaged("an escrow key is 64 hexadecimal digits".to_owned())
        })?;
        Ok(Self(bytes))
    }
}

impl EscrowKey {
    /// Wraps a data key for whoever has the secret half.
    pub(super) fn wrap(&self, key: &DataKey) -> Vec<u8> {
        let mut hasher = blake3::Hasher::new_derive_key("bading 1 escrow moment");
        hasher.update(key.bytes());
        hasher.update(&self.0);
        let moment = StaticSecret::from(*hasher.finalize().as_bytes());
        let public = PublicKey::from(&moment);
        let shared = moment.diffie_hellman(&PublicKey::from(self.0));
        let mut wrapped = public.as_bytes().to_vec();
        let between = between(shared.as_bytes(), public.as_bytes(), &self.0);
        wrapped.extend(between.seal_secret(NAME, key.bytes()));
        wrapped
    }
}

/// The secret half of a city's escrow key. It leaves memory when it is dropped.
pub struct EscrowSecret(Zeroizing<[u8; 32]>);

impl EscrowSecret {
    /// A secret of 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> EscrowKey {
        EscrowKey(*PublicKey::from(&StaticSecret::from(*self.0)).as_bytes())
    }

    /// Unwraps what [`EscrowKey::wrap`] gave.
    ///
    /// # Errors
    /// [`StoreError::BadKey`] when it was wrapped for another key, or is damaged.
    pub(super) fn unwrap(&self, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        let (public, sealed) = wrapped
            .split_at_checked(PUBLIC_BYTES)
            .ok_or(StoreError::BadKey)?;
        let public: [u8; PUBLIC_BYTES] = public.try_into().map_err(|_| StoreError::BadKey)?;
        let shared = StaticSecret::from(*self.0).diffie_hellman(&PublicKey::from(public));
        let between = between(shared.as_bytes(), &public, &self.public().0);
        let opened = between
            .open_secret(NAME, sealed)
            .map_err(|_| StoreError::BadKey)?;
        let bytes: [u8; 32] = opened
            .as_slice()
            .try_into()
            .map_err(|_| StoreError::BadKey)?;
        Ok(DataKey::new(bytes))
    }
}

/// The key between two keys: their secret, bound to both of them.
fn between(shared: &[u8; 32], moment: &[u8; 32], escrow: &[u8; 32]) -> DataKey {
    let mut hasher = blake3::Hasher::new_derive_key("bading 1 escrow");
    hasher.update(shared);
    hasher.update(moment);
    hasher.update(escrow);
    DataKey::new(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_key_comes_back_with_the_secret_half_alone() {
        let secret = EscrowSecret::new([9; 32]);
        let key = DataKey::new([1; 32]);
        let mut wrapped = secret.public().wrap(&key);
        assert_eq!(secret.unwrap(&wrapped).expect("unwraps"), key);
        let other = EscrowSecret::new([8; 32]);
        assert!(matches!(other.unwrap(&wrapped), Err(StoreError::BadKey)));
        for at in 0..wrapped.len() {
            wrapped[at] ^= 1;
            assert!(secret.unwrap(&wrapped).is_err(), "byte {at}");
            wrapped[at] ^= 1;
        }
        assert!(secret.unwrap(&wrapped[..31]).is_err());
    }

    #[test]
    fn public_half_is_read_as_it_is_written() {
        let public = EscrowSecret::new([9; 32]).public();
        assert_eq!(
            public.to_string().parse::<EscrowKey>().expect("reads"),
            public
        );
        assert!("zz".parse::<EscrowKey>().is_err());
    }
}
