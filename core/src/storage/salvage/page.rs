//! One page of a sealed database, opened without SQLite: SQLCipher 4's form, read by the key
//! that the store's own data key gives.
//!
//! ```text
//! content (4016), AES-256-CBC ‖ IV (16) ‖ HMAC-SHA512 (64) over content ‖ IV ‖ number (4, LE)
//! ```
//!
//! Page 1 begins with the 16 bytes of the salt, in which the database's own magic would stand;
//! its content begins after them. A page that the HMAC does not prove is opened nevertheless:
//! what proves itself may be in it, and nothing else is taken from it.
//!
//! Source: <https://www.zetetic.net/sqlcipher/design/>; checked against SQLCipher 4.19.

use aes::Aes256;
use cbc::Decryptor;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::storage::vault::DataKey;

/// Bytes of a page.
pub(super) const PAGE: usize = 4096;
/// Bytes of a page that hold content; the rest is the IV and the HMAC.
pub(super) const USABLE: usize = PAGE - IV - MAC;
/// Where the content of page 1 begins, and what a database in the clear has before it.
const SALT: usize = 16;
const IV: usize = 16;
const MAC: usize = 64;
const BLOCK: usize = 16;

/// What opens the pages of one database.
pub(super) struct PageKey {
    cipher: Zeroizing<[u8; 32]>,
    mac: Zeroizing<[u8; 32]>,
}

/// A page in the clear.
pub(super) struct Page {
    /// [`PAGE`] bytes, those after [`USABLE`] without meaning.
    pub(super) bytes: Vec<u8>,
    /// True when the HMAC holds: the bytes are those that were written under this number.
    pub(super) is_proved: bool,
}

impl PageKey {
    /// The key of the database that `key` seals.
    pub(super) fn new(key: &DataKey) -> Self {
        let cipher = key.database_key();
        let salt = key.database_salt().map(|byte| byte ^ 0x3a);
        let mut mac = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha512>(&*cipher, &salt, 2, &mut *mac);
        Self { cipher, mac }
    }

    /// True when the HMAC of a page proves it.
    pub(super) fn proves(&self, number: u32, sealed: &[u8]) -> bool {
        let (Some(covered), Some(tag)) = (
            sealed.get(content_start(number)..USABLE + IV),
            sealed.get(USABLE + IV..PAGE),
        ) else {
            return false;
        };
        let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(&*self.mac) else {
            return false;
        };
        mac.update(covered);
        mac.update(&number.to_le_bytes());
        mac.verify_slice(tag).is_ok()
    }

    /// Opens a page, proved or not; nothing when these are not the bytes of a whole page.
    pub(super) fn open(&self, number: u32, sealed: &[u8]) -> Option<Page> {
        let is_proved = self.proves(number, sealed);
        let mut bytes = sealed.get(..PAGE)?.to_vec();
        let (content, iv) = bytes.split_at_mut(USABLE);
        let iv = &iv[..IV];
        let mut cipher = Decryptor::<Aes256>::new_from_slices(&*self.cipher, iv).ok()?;
        for block in content[content_start(number)..].chunks_exact_mut(BLOCK) {
            cipher.decrypt_block(block.try_into().ok()?);
        }
        if number == 1 {
            bytes[..SALT].copy_from_slice(b"SQLite format 3\0");
        }
        Some(Page { bytes, is_proved })
    }
}

fn content_start(number: u32) -> usize {
    if number == 1 { SALT } else { 0 }
}
