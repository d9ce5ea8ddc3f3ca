//! The hub's challenge of the hour: a random number that nobody knew before the hour began,
//! signed by the hub. What contains it was not made before (docs/formats/entry.md §9).

use thiserror::Error;

use crate::model::identifiers::DeviceKey;
use crate::model::time::UtcMs;
use crate::oplog::cbor::{CborError, Reader, Writer, exact};
use crate::oplog::commit::read_instant;
use crate::oplog::sign::{self, DeviceSigner, Purpose, SignError, Signature, hash_of};

/// How long a challenge is the hub's, in milliseconds.
pub const HOUR_MS: u64 = 60 * 60 * 1000;
/// The most bytes of a signed challenge.
pub const MAX_CHALLENGE_BYTES: usize = 256;
const VERSION: u64 = 1;

/// The random number of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourChallenge {
    /// When the hour began: a multiple of [`HOUR_MS`].
    pub hour: UtcMs,
    /// The random number.
    pub nonce: [u8; 32],
}

/// Why some bytes are no challenge of this hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChallengeError {
    /// The bytes are not in their form.
    #[error("challenge: {0}")]
    Form(#[from] CborError),
    /// The hub did not sign it.
    #[error("challenge: {0}")]
    Signature(#[from] SignError),
}

impl HourChallenge {
    /// The hour that an instant is in.
    #[must_use]
    pub fn hour_of(at: UtcMs) -> UtcMs {
        UtcMs(at.0 - at.0 % HOUR_MS)
    }

    /// Signs it with the hub's key.
    ///
    /// # Errors
    /// [`SignError`] when the key cannot be used.
    pub fn issue(&self, hub: &dyn DeviceSigner) -> Result<Vec<u8>, SignError> {
        let payload = self.payload();
        let signature = hub.sign(&Purpose::Challenge.message(&hash_of(&payload)))?;
        Ok(envelope(&payload, &signature))
    }

    /// Reads a challenge of this hub.
    ///
    /// # Errors
    /// [`ChallengeError`] names what does not hold.
    pub fn decode(bytes: &[u8], hub: &DeviceKey) -> Result<Self, ChallengeError> {
        let (payload, signature) = open(bytes)?;
        sign::verify(hub, Purpose::Challenge, &hash_of(payload), &signature)?;
        Ok(read(payload)?)
    }

    /// Reads a challenge without asking who signed it: what it says is then only as good as
    /// the word of who passes it on.
    ///
    /// # Errors
    /// [`CborError`] when the bytes are not in their form.
    pub fn claimed(bytes: &[u8]) -> Result<Self, CborError> {
        read(open(bytes)?.0)
    }

    fn payload(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .array(3)
            .uint(VERSION)
            .uint(self.hour.0)
            .bytes(&self.nonce);
        writer.finish()
    }
}

fn envelope(payload: &[u8], signature: &Signature) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(2).bytes(payload).bytes(signature);
    writer.finish()
}

fn open(bytes: &[u8]) -> Result<(&[u8], Signature), CborError> {
    exact(
        "challenge",
        bytes,
        |reader| {
            reader.parts("challenge", 2)?;
            let payload = reader.bytes("challenge", MAX_CHALLENGE_BYTES)?;
            Ok((payload, reader.fixed("signature")?))
        },
        |(payload, signature)| envelope(payload, signature),
    )
}

fn read(payload: &[u8]) -> Result<HourChallenge, CborError> {
    let read = |reader: &mut Reader<'_>| {
        reader.parts("challenge", 3)?;
        if reader.uint("version")? != VERSION {
            return Err(CborError::Range("version"));
        }
        let hour = read_instant(reader, "hour")?;
        if hour != HourChallenge::hour_of(hour) {
            return Err(CborError::Range("hour"));
        }
        let nonce = reader.fixed("nonce")?;
        Ok(HourChallenge { hour, nonce })
    };
    exact("challenge", payload, read, HourChallenge::payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oplog::sign::SoftwareSigner;

    #[test]
    fn challenge_reads_back_and_another_hubs_key_or_a_flipped_bit_is_told() {
        let hub = SoftwareSigner::from_seed(&[1; 32]);
        let challenge = HourChallenge {
            hour: UtcMs(HOUR_MS * 490_000),
            nonce: [9; 32],
        };
        let bytes = challenge.issue(&hub).expect("signs");
        assert!(bytes.len() <= MAX_CHALLENGE_BYTES);
        assert_eq!(HourChallenge::decode(&bytes, &hub.key()), Ok(challenge));
        let other = SoftwareSigner::from_seed(&[2; 32]).key();
        let told = HourChallenge::decode(&bytes, &other);
        assert!(matches!(told, Err(ChallengeError::Signature(_))));
        for at in 0..bytes.len() {
            let mut spoilt = bytes.clone();
            spoilt[at] ^= 1;
            assert!(HourChallenge::decode(&spoilt, &hub.key()).is_err());
        }
    }

    #[test]
    fn instant_within_an_hour_is_no_hour() {
        let hub = SoftwareSigner::from_seed(&[1; 32]);
        let challenge = HourChallenge {
            hour: UtcMs(HOUR_MS + 1),
            nonce: [9; 32],
        };
        let bytes = challenge.issue(&hub).expect("signs");
        let told = HourChallenge::decode(&bytes, &hub.key());
        assert_eq!(told, Err(ChallengeError::Form(CborError::Range("hour"))));
        assert_eq!(HourChallenge::hour_of(challenge.hour), UtcMs(HOUR_MS));
    }
}
