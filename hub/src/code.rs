//! The text of a one-use code: 128 random bits that a person can read from a screen and
//! type. Crockford's base32 leaves out the letters that look like digits.

use bading_core::model::identifiers::Hash;
use bading_core::oplog::sign::hash_of;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 26 × 5 bits carry 128, the first two of them always zero.
const DIGITS: usize = 26;

/// A one-use code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct OneUseCode(u128);

impl OneUseCode {
    pub(crate) fn new(random: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(random))
    }

    /// Prints it in groups of four.
    pub(crate) fn print(self) -> String {
        let mut text = String::with_capacity(DIGITS + DIGITS / 4);
        for at in 0..DIGITS {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            let shift = 5 * (DIGITS - 1 - at);
            let digit = (self.0 >> shift) & 31;
            text.push(char::from(ALPHABET[digit as usize]));
        }
        text
    }

    /// Reads it as people type it: with or without hyphens and spaces, in either case, with
    /// the letters O, I and L for the digits that they look like.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * DIGITS {
            return None;
        }
        let (mut value, mut count) = (0_u128, 0);
        for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            };
            let digit = ALPHABET.iter().position(|known| char::from(*known) == c)?;
            count += 1;
            if count > DIGITS || value >> 123 != 0 {
                return None;
            }
            value = value << 5 | digit as u128;
        }
        (count == DIGITS).then_some(Self(value))
    }

    /// What is stored of it. Looking up a hash takes the same time whatever was guessed.
    pub(crate) fn hash(self) -> Hash {
        hash_of(&self.0.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_reads_back_as_people_type_it() {
        for random in [[0; 16], [0xff; 16], [0x5a; 16]] {
            let code = OneUseCode::new(random);
            let text = code.print();
            assert_eq!(text.len(), 32);
            for typed in [
                text.clone(),
                text.to_lowercase(),
                text.replace('-', ""),
                text.replace('-', " ").replace('0', "o").replace('1', "l"),
            ] {
                assert!(OneUseCode::parse(&typed) == Some(code), "{typed}");
            }
        }
    }

    #[test]
    fn code_refuses_other_lengths_letters_and_a_first_digit_beyond_128_bits() {
        let text = OneUseCode::new([0xff; 16]).print();
        assert!(text.starts_with('7'));
        assert!(OneUseCode::parse(&text.replacen('7', "8", 1)).is_none());
        assert!(OneUseCode::parse(&text[1..]).is_none());
        assert!(OneUseCode::parse(&format!("{text}0")).is_none());
        assert!(OneUseCode::parse(&text.replacen('Z', "U", 1)).is_none());
        assert!(OneUseCode::parse("").is_none());
        assert!(OneUseCode::parse(&"-".repeat(1_000)).is_none());
    }
}
