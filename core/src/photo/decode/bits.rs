//! Bits and Huffman codes of a JPEG's scans, fast.
//!
//! Eight bytes are taken at once where none of them is 0xFF, and a code is looked up
//! together with the number that follows it where both fit in [`FAST_BITS`].
//!
//! Source: ITU-T T.81 annexes C and F.2.2.

/// What the coded data does not allow. The caller falls back to the careful decoder, which
/// says what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

const FAST_BITS: u32 = 10;
/// A run that no block has: it ends the block.
const RUN_END: u32 = 64;

/// A Huffman table.
pub(super) struct Table {
    /// The number (upper half), the run of zeros before it, and the bits of both; no bits
    /// where code and number together are longer than the look-up.
    whole: Box<[i32; 1 << FAST_BITS]>,
    /// The symbol and the bits of its code; no bits where the code is longer.
    codes: Box<[u16; 1 << FAST_BITS]>,
    /// For each length: one past the last code, left-aligned to 16 bits.
    ceiling: [u32; 17],
    /// For each length: what to add to a code to find its symbol.
    shift: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// Builds a table; `None` when there are more codes than bits.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            whole: Box::new([0; 1 << FAST_BITS]),
            codes: Box::new([0; 1 << FAST_BITS]),
            ceiling: [0; 17],
            shift: [0; 17],
            symbols: symbols.to_vec(),
        };
        let mut code = 0_u32;
        let mut index = 0_usize;
        for (length, &count) in (1_u32..).zip(counts) {
            table.shift[length as usize] = i32::try_from(index).ok()? - i32::try_from(code).ok()?;
            for _ in 0..count {
                if code >> length != 0 {
                    return None;
                }
                let symbol = *symbols.get(index)?;
                if length <= FAST_BITS {
                    table.fill(code, length, symbol);
                }
                code += 1;
                index += 1;
            }
            table.ceiling[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Some(table)
    }

    /// Fills what begins with a code.
    fn fill(&mut self, code: u32, length: u32, symbol: u8) {
        let spare = FAST_BITS - length;
        let first = (code << spare) as usize;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        for tail in 0..1_u32 << spare {
            let at = first + tail as usize;
            self.codes[at] = u16::from(symbol) << 8 | length as u16;
            let entry = match (run, size) {
                (15, 0) => 15 << 8 | length,
                (_, 0) => RUN_END << 8 | length,
                _ if size <= spare => {
                    let raw = (tail >> (spare - size)) as i32;
                    let value = extend(raw, size);
                    (value as u32) << 16 | run << 8 | (length + size)
                }
                _ => 0,
            };
            self.whole[at] = entry as i32;
        }
    }
}

/// The number that `size` bits stand for (T.81 F.2.2.1, EXTEND).
#[inline(always)]
fn extend(raw: i32, size: u32) -> i32 {
    // Without a branch: numbers whose first bit is 0 are negative.
    let is_low = raw < 1 << size >> 1;
    raw + if is_low { 1 - (1 << size) } else { 0 }
}

/// Bits of a scan, most significant first, with the stuffed zeros taken out.
pub(super) struct Bits<'a> {
    coded: &'a [u8],
    at: usize,
    /// Left-aligned; what lies behind the bits held is either zero or what will come there.
    buffer: u64,
    held: u32,
    /// Zero bits that were lent at a marker or behind the end.
    lent: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(coded: &'a [u8]) -> Self {
        Self {
            coded,
            at: 0,
            buffer: 0,
            held: 0,
            lent: 0,
        }
    }

    /// More bits were used than there are.
    #[inline(always)]
    pub(super) fn is_overdrawn(&self) -> bool {
        self.lent > self.held
    }

    /// Whole bytes of the interval that nobody asked for; damage, where there are many.
    fn unread_bytes(&self) -> usize {
        (self.held.saturating_sub(self.lent) / 8) as usize
    }

    /// True when the scan is used up but for its padding and a few odd bytes.
    pub(super) fn is_spent(&self) -> bool {
        self.coded.len() - self.at.min(self.coded.len()) + self.unread_bytes() <= 4
    }

    /// Goes behind the restart marker `number` mod 8, which must stand right here.
    pub(super) fn restart(&mut self, number: usize) -> Result<(), Broken> {
        if self.is_overdrawn() || self.unread_bytes() > 0 {
            return Err(Broken);
        }
        let rest = self.coded.get(self.at..).unwrap_or_default();
        let fill = rest.iter().take_while(|&&byte| byte == 0xFF).count();
        if fill == 0 || rest.get(fill) != Some(&(0xD0 + (number % 8) as u8)) {
            return Err(Broken);
        }
        (self.buffer, self.held, self.lent) = (0, 0, 0);
        self.at += fill + 1;
        Ok(())
    }

    /// Makes sure that 32 bits are held: one code and its number.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if self.held < 32 {
            self.refill_now();
        }
    }

    #[inline(always)]
    fn refill_now(&mut self) {
        if let Some(&ahead) = self.coded.get(self.at..).and_then(<[u8]>::first_chunk) {
            let word = u64::from_be_bytes(ahead);
            // A byte of 0xFF is a zero byte of the complement.
            let inverse = !word;
            let has_ff = inverse.wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080;
            if has_ff == 0 {
                self.buffer |= word >> self.held;
                let taken = (63 - self.held) >> 3;
                self.at += taken as usize;
                self.held += taken * 8;
                return;
            }
        }
        self.refill_bytes();
    }

    #[cold]
    #[inline(never)]
    fn refill_bytes(&mut self) {
        self.buffer &= !(u64::MAX >> self.held);
        while self.held <= 48 {
            let byte = match self.coded.get(self.at) {
                Some(&0xFF) => match self.coded.get(self.at + 1) {
                    Some(0) => {
                        self.at += 2;
                        0xFF
                    }
                    _ => self.lend(),
                },
                Some(&byte) => {
                    self.at += 1;
                    byte
                }
                None => self.lend(),
            };
            self.buffer |= u64::from(byte) << (56 - self.held);
            self.held += 8;
        }
    }

    fn lend(&mut self) -> u8 {
        self.lent += 8;
        0
    }

    #[inline(always)]
    fn peek(&self, count: u32) -> usize {
        (self.buffer >> (64 - count)) as usize
    }

    #[inline(always)]
    fn consume(&mut self, count: u32) {
        self.buffer <<= count;
        self.held -= count;
    }

    /// One bit; the caller has refilled.
    #[inline(always)]
    pub(super) fn bit(&mut self) -> bool {
        self.refill();
        let bit = self.buffer >> 63 == 1;
        self.consume(1);
        bit
    }

    /// `count` bits, at most 16.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        self.refill();
        let bits = self.peek(count) as u32;
        self.consume(count);
        bits
    }

    /// A symbol of a table.
    #[inline(always)]
    pub(super) fn symbol(&mut self, table: &Table) -> Result<u8, Broken> {
        self.refill();
        let entry = table.codes[self.peek(FAST_BITS)];
        if entry != 0 {
            self.consume(u32::from(entry & 0xFF));
            return Ok((entry >> 8) as u8);
        }
        self.long_symbol(table)
    }

    #[cold]
    fn long_symbol(&mut self, table: &Table) -> Result<u8, Broken> {
        let ahead = self.peek(16) as u32;
        let length = (FAST_BITS as usize + 1..=16)
            .find(|&length| ahead < table.ceiling[length])
            .ok_or(Broken)?;
        let code = (ahead >> (16 - length)) as i32;
        self.consume(length as u32);
        let index = usize::try_from(code + table.shift[length]).map_err(|_| Broken)?;
        table.symbols.get(index).copied().ok_or(Broken)
    }

    /// A number of `size` bits, at most 16.
    #[inline(always)]
    pub(super) fn number(&mut self, size: u32) -> i32 {
        extend(self.take(size) as i32, size)
    }

    /// One step of the AC coefficients: the run of zeros, then the number; `None` at the
    /// end of the block. Sixteen zeros come as a run of fifteen and the number 0.
    #[inline(always)]
    pub(super) fn step(&mut self, table: &Table) -> Result<Option<(usize, i32)>, Broken> {
        self.refill();
        let entry = table.whole[self.peek(FAST_BITS)];
        if entry != 0 {
            self.consume(entry as u32 & 0xFF);
            let run = entry as u32 >> 8 & 0xFF;
            return Ok((run != RUN_END).then_some((run as usize, entry >> 16)));
        }
        let symbol = self.symbol(table)?;
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        match (run, size) {
            (15, 0) => Ok(Some((15, 0))),
            (_, 0) => Ok(None),
            _ => Ok(Some((run, self.number(size)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_extend_as_the_standard_says() {
        assert_eq!([extend(0, 1), extend(1, 1)], [-1, 1]);
        assert_eq!(
            [extend(0, 3), extend(3, 3), extend(4, 3), extend(7, 3)],
            [-7, -4, 4, 7]
        );
        assert_eq!(extend(0, 0), 0);
    }

    #[test]
    fn stuffed_zeros_are_dropped_and_markers_lend() {
        let coded = [0xAB, 0xFF, 0x00, 0x12, 0xFF, 0xD3, 0x34];
        let mut bits = Bits::new(&coded);
        assert_eq!(bits.take(16), 0xABFF);
        assert_eq!(bits.take(8), 0x12);
        assert!(!bits.is_overdrawn());
        assert_eq!(bits.restart(4), Err(Broken), "it is number 3");
        assert_eq!(bits.restart(3), Ok(()));
        assert_eq!(bits.take(8), 0x34);
        assert!(!bits.is_overdrawn() && bits.is_spent());
        bits.take(1);
        assert!(bits.is_overdrawn());
    }

    #[test]
    fn long_and_short_refills_read_the_same() {
        let coded: Vec<u8> = (0..600_u32).map(|i| (i * 37 % 255) as u8).collect();
        let mut bits = Bits::new(&coded);
        let mut slow = coded
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1));
        for count in (1..=16).cycle().take(500) {
            let wanted =
                (0..count).fold(0, |sum, _| sum << 1 | u32::from(slow.next().unwrap_or(0)));
            assert_eq!(bits.take(count), wanted);
        }
    }

    #[test]
    fn table_with_more_codes_than_bits_is_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Table::new(&counts, &[1, 2, 3]).is_none());
    }
}
