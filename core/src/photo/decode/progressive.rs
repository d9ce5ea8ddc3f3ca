//! Progressive scans: every coefficient in several passes, drawn at the end.
//!
//! A refining pass must know which coefficients are no longer zero, also of those that are
//! not drawn: a mask of 64 bits a block remembers that, and only what is drawn is kept.
//!
//! Source: ITU-T T.81 annex G.1.2.

use super::bits::{Bits, Broken, Table};
use super::transform::{Block, Transform};
use super::{BLOCK, Decoder, Part, Unfit};

/// The coefficients of one component.
struct Kept {
    /// `side * side` a block.
    values: Vec<i16>,
    /// Bit k: coefficient k in the file's order is not zero.
    masks: Vec<u64>,
}

/// The coefficients of all components.
pub(super) struct Coefficients {
    of_parts: Vec<Kept>,
}

impl Coefficients {
    /// - `sizes`: blocks and pixels a side, of each component.
    pub(super) fn new(sizes: impl Iterator<Item = (usize, usize)>) -> Self {
        let of_parts = sizes
            .map(|(blocks, side)| Kept {
                values: vec![0; blocks * side * side],
                masks: vec![0; blocks],
            })
            .collect();
        Self { of_parts }
    }

    /// Draws all blocks.
    pub(super) fn draw(
        self,
        parts: &mut [Part],
        quants: &[Option<[u16; 64]>; 4],
    ) -> Result<(), Unfit> {
        for (part, kept) in parts.iter_mut().zip(self.of_parts) {
            let quant = quants[part.quant].as_ref().ok_or(Unfit)?;
            let transform = Transform::new(part.side, quant);
            let (side, stride) = (part.side, part.plane.width_px);
            let mut block: Block = [0; 128];
            for (number, values) in kept.values.chunks_exact(side * side).enumerate() {
                for (to, &from) in block.iter_mut().zip(values) {
                    *to = i32::from(from);
                }
                let (down, across) = (number / part.blocks_wide, number % part.blocks_wide);
                let at = (down * stride + across) * side;
                transform.draw(
                    &block,
                    kept.masks[number] <= 1,
                    &mut part.plane.levels,
                    at,
                    stride,
                );
            }
        }
        Ok(())
    }
}

/// A scan's place in the spectrum and its bits.
#[derive(Clone, Copy)]
struct Pass {
    first: usize,
    last: usize,
    low: u32,
}

impl Decoder {
    pub(super) fn scan_progressively(
        &mut self,
        coded: &[u8],
        coefficients: &mut Coefficients,
    ) -> Result<(), Unfit> {
        let (first, last, high, low) = self.spectrum;
        let pass = Pass { first, last, low };
        let is_mean = first == 0;
        let is_lone = self.selected.len() == 1;
        if is_mean && last != 0 || !is_mean && !is_lone || high != 0 && high != low + 1 {
            return Err(Unfit);
        }
        let units = self.scan_units()?;
        let mut bits = Bits::new(coded);
        let mut before = [0_i32; 4];
        let mut ended = 0_u32;
        let (mut until_restart, mut restarts) = (self.restart_interval, 0);
        for down in 0..units.1 {
            for across in 0..units.0 {
                if self.restart_interval > 0 {
                    if until_restart == 0 {
                        bits.restart(restarts)?;
                        restarts += 1;
                        (before, ended) = ([0; 4], 0);
                        until_restart = self.restart_interval;
                    }
                    until_restart -= 1;
                }
                for &(index, dc, ac) in &self.selected {
                    let part = &mut self.parts[index];
                    let kept = &mut coefficients.of_parts[index];
                    let area = part.side * part.side;
                    let (wide, high_blocks) = if is_lone {
                        (1, 1)
                    } else {
                        (part.across, part.down)
                    };
                    for row in 0..high_blocks {
                        for column in 0..wide {
                            let number = (down * high_blocks + row) * part.blocks_wide
                                + across * wide
                                + column;
                            let values = &mut kept.values[number * area..][..area];
                            let mut block = OneBlock {
                                values,
                                mask: &mut kept.masks[number],
                                places: &part.places,
                            };
                            match (is_mean, high) {
                                (true, 0) => {
                                    let table = self.dc[dc].as_ref().ok_or(Unfit)?;
                                    block.mean(&mut bits, table, &mut before[index], low)?;
                                    part.is_done = true;
                                }
                                (true, _) => {
                                    if bits.bit() {
                                        block.values[0] |= 1 << low;
                                    }
                                }
                                (false, 0) => {
                                    let table = self.ac[ac].as_ref().ok_or(Unfit)?;
                                    block.begin(&mut bits, table, pass, &mut ended)?;
                                }
                                (false, _) => {
                                    let table = self.ac[ac].as_ref().ok_or(Unfit)?;
                                    block.refine(&mut bits, table, pass, &mut ended)?;
                                }
                            }
                        }
                    }
                }
            }
            if bits.is_overdrawn() {
                return Err(Unfit);
            }
        }
        if bits.is_spent() { Ok(()) } else { Err(Unfit) }
    }
}

/// One block's coefficients.
struct OneBlock<'a> {
    values: &'a mut [i16],
    mask: &'a mut u64,
    places: &'a [u8; 64],
}

impl OneBlock<'_> {
    fn mean(
        &mut self,
        bits: &mut Bits<'_>,
        table: &Table,
        before: &mut i32,
        low: u32,
    ) -> Result<(), Broken> {
        let size = u32::from(bits.symbol(table)?);
        if size > 16 {
            return Err(Broken);
        }
        *before = before.wrapping_add(bits.number(size));
        self.values[0] = (*before << low) as i16;
        Ok(())
    }

    fn set(&mut self, at: usize, value: i32) {
        *self.mask |= 1 << at;
        if let Some(kept) = self.values.get_mut(usize::from(self.places[at])) {
            *kept = value as i16;
        }
    }

    /// The first pass over a band.
    fn begin(
        &mut self,
        bits: &mut Bits<'_>,
        table: &Table,
        pass: Pass,
        ended: &mut u32,
    ) -> Result<(), Broken> {
        if *ended > 0 {
            *ended -= 1;
            return Ok(());
        }
        let mut at = pass.first;
        while at <= pass.last {
            let symbol = bits.symbol(table)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run < 15 {
                    *ended = (1 << run) - 1 + bits.take(run as u32);
                    break;
                }
                at += 16;
                continue;
            }
            at += run;
            if at > pass.last || at >= BLOCK {
                return Err(Broken);
            }
            self.set(at, bits.number(size) << pass.low);
            at += 1;
        }
        Ok(())
    }

    /// A later pass over a band: one more bit for each coefficient.
    fn refine(
        &mut self,
        bits: &mut Bits<'_>,
        table: &Table,
        pass: Pass,
        ended: &mut u32,
    ) -> Result<(), Broken> {
        let step = 1_i32 << pass.low;
        let mut at = pass.first;
        if *ended == 0 {
            while at <= pass.last {
                let symbol = bits.symbol(table)?;
                let (mut run, size) = (usize::from(symbol >> 4), symbol & 15);
                let mut value = 0;
                match size {
                    1 => value = if bits.bit() { step } else { -step },
                    0 if run < 15 => {
                        *ended = (1 << run) + bits.take(run as u32);
                        break;
                    }
                    0 => {}
                    _ => return Err(Broken),
                }
                while at <= pass.last {
                    if *self.mask >> at & 1 == 1 {
                        self.correct(bits, at, step);
                    } else {
                        if run == 0 {
                            break;
                        }
                        run -= 1;
                    }
                    at += 1;
                }
                if value != 0 {
                    if at > pass.last || at >= BLOCK {
                        return Err(Broken);
                    }
                    self.set(at, value);
                }
                at += 1;
            }
        }
        if *ended > 0 {
            while at <= pass.last {
                if *self.mask >> at & 1 == 1 {
                    self.correct(bits, at, step);
                }
                at += 1;
            }
            *ended -= 1;
        }
        Ok(())
    }

    fn correct(&mut self, bits: &mut Bits<'_>, at: usize, step: i32) {
        if !bits.bit() {
            return;
        }
        if let Some(kept) = self.values.get_mut(usize::from(self.places[at])) {
            let value = i32::from(*kept);
            if value & step == 0 {
                *kept = (value + if value < 0 { -step } else { step }) as i16;
            }
        }
    }
}
