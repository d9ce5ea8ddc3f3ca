//! Whether a JPEG's coded data reaches its last block.
//!
//! Decoders fill what is missing with grey and call it success; a photo that proves
//! something may not be half grey. This walk decodes the Huffman codes of a sequential
//! JPEG without making pixels, and so knows exactly how many blocks are there, whether or
//! not an end marker was put behind them. Progressive scans cannot be counted without
//! keeping all coefficients; there the end marker alone decides.
//!
//! Source: ITU-T T.81 annex F.2 (sequential decoding) and E.2 (scans and restarts).

use super::jpeg::{self, Component, Frame, Piece};

/// What a JPEG's scans amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Every block of every component is coded.
    Whole,
    /// The data ends before the last block.
    EndsEarly,
    /// Not sequential Huffman, or damaged on the way: this walk cannot tell.
    Unknown,
}

/// What the walk found: the extent, and whether an end marker stands behind the scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) extent: Extent,
    pub(super) has_end: bool,
}

/// Walks all scans. Bounded by the bytes: each block costs at least one coded bit.
pub(super) fn survey(bytes: &[u8]) -> Survey {
    let mut walk = Walk::default();
    let mut has_end = false;
    for piece in jpeg::pieces(bytes) {
        match piece {
            Piece::Segment { marker, body } => walk.segment(marker, body),
            Piece::Scan(coded) => walk.scan(coded),
            Piece::End => has_end = true,
        }
    }
    Survey {
        extent: walk.extent(),
        has_end,
    }
}

#[derive(Default)]
struct Walk {
    frame: Option<Frame>,
    dc: [Option<Box<Huffman>>; 4],
    ac: [Option<Box<Huffman>>; 4],
    restart_interval: usize,
    selected: Vec<(usize, usize, usize)>,
    is_scanned: [bool; 4],
    worst: Option<Extent>,
}

impl Walk {
    fn extent(&self) -> Extent {
        let Some(frame) = &self.frame else {
            return Extent::Unknown;
        };
        let is_complete = self.is_scanned[..frame.components.len()].iter().all(|&s| s);
        match self.worst {
            Some(extent) => extent,
            None if is_complete => Extent::Whole,
            None => Extent::EndsEarly,
        }
    }

    fn segment(&mut self, marker: u8, body: &[u8]) {
        match marker {
            jpeg::DHT => self.tables(body),
            jpeg::DRI => {
                if let [high, low, ..] = *body {
                    self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
                }
            }
            jpeg::SOS => self.select(body),
            _ if jpeg::is_frame(marker) && self.frame.is_none() => {
                self.frame = jpeg::frame(marker, body);
                if !matches!(marker, 0xC0 | 0xC1) {
                    self.worst = Some(Extent::Unknown);
                }
            }
            _ => {}
        }
    }

    fn tables(&mut self, mut body: &[u8]) {
        while let Some((&[class], rest)) = body.split_first_chunk::<1>() {
            let Some((counts, rest)) = rest.split_first_chunk::<16>() else {
                return;
            };
            let total = counts.iter().map(|&n| usize::from(n)).sum();
            let Some((symbols, rest)) = rest.split_at_checked(total) else {
                return;
            };
            let slot = usize::from(class & 3);
            let table = Huffman::new(counts, symbols).map(Box::new);
            if class >> 4 == 0 {
                self.dc[slot] = table;
            } else {
                self.ac[slot] = table;
            }
            body = rest;
        }
    }

    fn select(&mut self, body: &[u8]) {
        self.selected.clear();
        let Some(frame) = &self.frame else { return };
        let count = usize::from(body.first().copied().unwrap_or(0));
        for part in body
            .get(1..)
            .unwrap_or_default()
            .chunks_exact(2)
            .take(count.min(4))
        {
            if let Some(index) = frame.components.iter().position(|c| c.id == part[0]) {
                let tables = (usize::from(part[1] >> 4 & 3), usize::from(part[1] & 3));
                self.selected.push((index, tables.0, tables.1));
            }
        }
    }

    fn scan(&mut self, coded: &[u8]) {
        if self.worst.is_some() {
            return;
        }
        match self.count(coded) {
            Some(Extent::Whole) => {
                for &(index, ..) in &self.selected {
                    self.is_scanned[index] = true;
                }
            }
            Some(other) => self.worst = Some(other),
            None => self.worst = Some(Extent::Unknown),
        }
    }

    /// `None` when the header is not enough to walk by.
    fn count(&self, coded: &[u8]) -> Option<Extent> {
        let frame = self.frame.as_ref()?;
        let across_max = frame.components.iter().map(|c| c.across).max()?;
        let down_max = frame.components.iter().map(|c| c.down).max()?;
        let (width, height) = (frame.width_px as usize, frame.height_px as usize);
        let mut unit = Vec::with_capacity(16);
        for &(index, dc, ac) in &self.selected {
            let tables = (self.dc[dc].as_deref()?, self.ac[ac].as_deref()?);
            let Component { across, down, .. } = frame.components[index];
            let blocks = if self.selected.len() == 1 {
                1
            } else {
                across * down
            };
            unit.extend(std::iter::repeat_n(tables, blocks));
        }
        let units = match *self.selected.as_slice() {
            [] => return None,
            [(index, ..)] => {
                // A lone component is coded block by block, without padding to whole units.
                let Component { across, down, .. } = frame.components[index];
                let wide = (width * across).div_ceil(across_max).div_ceil(8);
                wide * (height * down).div_ceil(down_max).div_ceil(8)
            }
            _ => width.div_ceil(8 * across_max) * height.div_ceil(8 * down_max),
        };
        let mut bits = Bits::new(coded);
        for done in 0..units {
            if self.restart_interval > 0 && done > 0 && done % self.restart_interval == 0 {
                bits.restart();
            }
            let is_coded = unit.iter().all(|(dc, ac)| bits.skip_block(dc, ac));
            // An interval that is too short in the middle is damage, not an early end.
            if bits.is_overdrawn() && bits.at >= coded.len() {
                return Some(Extent::EndsEarly);
            }
            if !is_coded || bits.is_overdrawn() {
                return Some(Extent::Unknown);
            }
        }
        Some(Extent::Whole)
    }
}

const FAST_BITS: u32 = 9;

/// A Huffman table: short codes by direct look-up, longer ones by their first code.
struct Huffman {
    fast: [(u8, u8); 1 << FAST_BITS],
    /// For each length: one past the last code, left-aligned to 16 bits.
    ceiling: [u32; 17],
    /// For each length: what to add to a code to find its symbol.
    shift: [i32; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            fast: [(0, 0); 1 << FAST_BITS],
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
                if length <= FAST_BITS {
                    let first = (code << (FAST_BITS - length)) as usize;
                    let span = 1 << (FAST_BITS - length);
                    table.fast[first..first + span].fill((length as u8, symbols[index]));
                }
                code += 1;
                index += 1;
            }
            table.ceiling[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Some(table)
    }
}

/// Bits of a scan, most significant first, with the stuffed zeros taken out.
struct Bits<'a> {
    coded: &'a [u8],
    at: usize,
    buffer: u64,
    held: u32,
    /// Zero bits that were lent behind the end of the data.
    lent: u32,
}

impl<'a> Bits<'a> {
    fn new(coded: &'a [u8]) -> Self {
        Self {
            coded,
            at: 0,
            buffer: 0,
            held: 0,
            lent: 0,
        }
    }

    /// More bits were used than there are.
    fn is_overdrawn(&self) -> bool {
        self.lent > self.held
    }

    fn refill(&mut self) {
        while self.held <= 48 {
            let byte = match self.coded.get(self.at) {
                Some(&0xFF) => match self.coded.get(self.at + 1) {
                    Some(0) => {
                        self.at += 2;
                        0xFF
                    }
                    Some(0xFF) => {
                        self.at += 1;
                        continue;
                    }
                    // A restart marker: the interval has no more bits.
                    Some(_) => self.lend(),
                    None => {
                        self.at += 1;
                        self.lend()
                    }
                },
                Some(&byte) => {
                    self.at += 1;
                    byte
                }
                None => self.lend(),
            };
            self.buffer = self.buffer << 8 | u64::from(byte);
            self.held += 8;
        }
    }

    fn lend(&mut self) -> u8 {
        self.lent += 8;
        0
    }

    fn peek(&self, count: u32) -> usize {
        (self.buffer >> (self.held - count) & ((1 << count) - 1)) as usize
    }

    fn symbol(&mut self, table: &Huffman) -> Option<u8> {
        let (length, symbol) = table.fast[self.peek(FAST_BITS)];
        if length > 0 {
            self.held -= u32::from(length);
            return Some(symbol);
        }
        let ahead = self.peek(16) as u32;
        let length = (FAST_BITS as usize + 1..=16).find(|&l| ahead < table.ceiling[l])?;
        self.held -= length as u32;
        let code = i32::try_from(ahead >> (16 - length)).ok()?;
        let index = usize::try_from(code + table.shift[length]).ok()?;
        table.symbols.get(index).copied()
    }

    /// Passes over one block of 64 coefficients; false when no code matches.
    fn skip_block(&mut self, dc: &Huffman, ac: &Huffman) -> bool {
        self.refill();
        match self.symbol(dc) {
            Some(size @ 0..=16) => self.held -= u32::from(size),
            _ => return false,
        }
        let mut index = 1;
        while index < 64 {
            self.refill();
            let Some(symbol) = self.symbol(ac) else {
                return false;
            };
            let (run, size) = (symbol >> 4, symbol & 15);
            match (run, size) {
                (15, 0) => index += 16,
                (_, 0) => break,
                _ => {
                    self.held -= u32::from(size);
                    index += usize::from(run) + 1;
                }
            }
        }
        true
    }

    /// Drops what is left of the interval and goes behind the next restart marker.
    fn restart(&mut self) {
        (self.buffer, self.held, self.lent) = (0, 0, 0);
        let rest = self.coded.get(self.at..).unwrap_or_default();
        let marker = rest
            .windows(2)
            .position(|pair| pair[0] == 0xFF && matches!(pair[1], 0xD0..=0xD7));
        self.at = marker.map_or(self.coded.len(), |skip| self.at + skip + 2);
    }
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::*;

    fn photo() -> Vec<u8> {
        render::small(7)
    }

    #[test]
    fn photo_as_it_was_encoded_is_whole() {
        let whole = Survey {
            extent: Extent::Whole,
            has_end: true,
        };
        assert_eq!(survey(&photo()), whole);
        let with_film = [photo(), b"\xFF\xD8 another picture".to_vec()].concat();
        assert_eq!(survey(&with_film), whole);
    }

    #[test]
    fn photo_cut_anywhere_in_its_scan_ends_early_with_and_without_end_marker() {
        let photo = photo();
        for per_mille in [500, 900, 990, 999] {
            let cut = &photo[..photo.len() * per_mille / 1000];
            assert_eq!(
                survey(cut),
                Survey {
                    extent: Extent::EndsEarly,
                    has_end: false
                }
            );
            let closed = [cut, &[0xFF, 0xD9]].concat();
            assert_eq!(survey(&closed).extent, Extent::EndsEarly, "at {per_mille}");
        }
    }

    #[test]
    fn photo_without_its_end_marker_is_whole() {
        let photo = photo();
        let open = &photo[..photo.len() - 2];
        assert_eq!(
            survey(open),
            Survey {
                extent: Extent::Whole,
                has_end: false
            }
        );
        // One more byte holds the last block's bits.
        assert_eq!(survey(&open[..open.len() - 1]).extent, Extent::EndsEarly);
    }

    #[test]
    fn table_with_more_codes_than_bits_is_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Huffman::new(&counts, &[1, 2, 3]).is_none());
    }
}
