//! JPEG to planes, at the size that is needed: what every report asks of a phone.
//!
//! Only sound files in the colours of cameras (grey, or luma with two chromas) are drawn
//! here, sequential and progressive. Whatever is odd (a cut, a flipped bit, four inks,
//! twelve bits) is [`Unfit`] and goes to the careful way of [`super::pixels`], which says what
//! is wrong. Nothing is ever drawn from a guess. Frequencies that a smaller picture does not
//! show are read over and not kept, for progressive files too.
//!
//! Source: ITU-T T.81 annexes A, B, F and G.

mod bits;
mod progressive;
mod transform;

use bits::{Bits, Broken, Table};
use transform::{Block, Transform};

use super::jpeg::{self, Frame, Piece};
use super::planes::{Plane, Planes};

/// Cameras write about ten scans; each one costs a pass over all blocks.
const MAX_SCANS: usize = 64;
/// Steps of a run that has no coefficient to stand before.
const BLOCK: usize = 64;

/// The file is nothing that is drawn here; the careful decoder has the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfit;

impl From<Broken> for Unfit {
    fn from(_: Broken) -> Self {
        Self
    }
}

/// A picture in planes, and whether the file ends with its end marker.
pub(super) struct Drawn {
    pub(super) planes: Planes,
    pub(super) has_end: bool,
}

/// Draws a JPEG at the smallest size whose longest side is at least `longest_px`, or at its
/// own size where that is smaller.
///
/// # Errors
/// [`Unfit`] for everything but a whole and sound picture.
pub(super) fn draw(bytes: &[u8], longest_px: u32) -> Result<Drawn, Unfit> {
    let mut decoder = Decoder::new(longest_px);
    let mut has_end = false;
    for piece in jpeg::pieces(bytes) {
        match piece {
            Piece::Segment { marker, body } => decoder.segment(marker, body)?,
            Piece::Scan(coded) => decoder.scan(coded)?,
            Piece::End => has_end = true,
        }
    }
    let planes = decoder.finish(has_end)?;
    Ok(Drawn { planes, has_end })
}

/// A component while it is drawn.
struct Part {
    id: u8,
    across: usize,
    down: usize,
    quant: usize,
    /// Whole units of the frame, in blocks.
    blocks_wide: usize,
    /// Blocks that a scan of this component alone codes.
    own_wide: usize,
    own_high: usize,
    side: usize,
    places: [u8; 64],
    plane: Plane,
    transform: Option<Transform>,
    is_done: bool,
}

struct Decoder {
    longest_px: u32,
    quants: [Option<[u16; 64]>; 4],
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    restart_interval: usize,
    is_rgb: bool,
    frame: Option<Frame>,
    parts: Vec<Part>,
    units: (usize, usize),
    progressive: Option<progressive::Coefficients>,
    selected: Vec<(usize, usize, usize)>,
    spectrum: (usize, usize, u32, u32),
    scans: usize,
}

impl Decoder {
    fn new(longest_px: u32) -> Self {
        Self {
            longest_px,
            quants: [None; 4],
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            restart_interval: 0,
            is_rgb: false,
            frame: None,
            parts: Vec::new(),
            units: (0, 0),
            progressive: None,
            selected: Vec::new(),
            spectrum: (0, 63, 0, 0),
            scans: 0,
        }
    }

    fn segment(&mut self, marker: u8, body: &[u8]) -> Result<(), Unfit> {
        match marker {
            jpeg::DHT => self.tables(body),
            jpeg::DQT => self.quantisers(body),
            jpeg::DRI => {
                let &[high, low] = body else {
                    return Err(Unfit);
                };
                self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
                Ok(())
            }
            // Adobe's last byte says how three components are meant: 1 is luma and chromas.
            jpeg::APP14 if body.starts_with(b"Adobe") => {
                self.is_rgb |= body.get(11) != Some(&1);
                Ok(())
            }
            jpeg::SOS => self.select(body),
            _ if jpeg::is_frame(marker) => self.start(marker, body),
            _ => Ok(()),
        }
    }

    fn tables(&mut self, mut body: &[u8]) -> Result<(), Unfit> {
        while let Some((&[class], rest)) = body.split_first_chunk::<1>() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or(Unfit)?;
            let total = counts.iter().map(|&n| usize::from(n)).sum();
            let (symbols, rest) = rest.split_at_checked(total).ok_or(Unfit)?;
            let table = Some(Table::new(counts, symbols).ok_or(Unfit)?);
            let slot = usize::from(class & 3);
            match class >> 4 {
                0 => self.dc[slot] = table,
                _ => self.ac[slot] = table,
            }
            body = rest;
        }
        Ok(())
    }

    fn quantisers(&mut self, mut body: &[u8]) -> Result<(), Unfit> {
        while let Some((&[kind], rest)) = body.split_first_chunk::<1>() {
            let mut quant = [0; 64];
            body = if kind >> 4 == 0 {
                let (steps, rest) = rest.split_first_chunk::<64>().ok_or(Unfit)?;
                quant = steps.map(u16::from);
                rest
            } else {
                let (steps, rest) = rest.split_first_chunk::<128>().ok_or(Unfit)?;
                for (step, pair) in quant.iter_mut().zip(steps.chunks_exact(2)) {
                    *step = u16::from_be_bytes([pair[0], pair[1]]);
                }
                rest
            };
            self.quants[usize::from(kind & 3)] = Some(quant);
        }
        Ok(())
    }

    fn start(&mut self, marker: u8, body: &[u8]) -> Result<(), Unfit> {
        let frame = jpeg::frame(marker, body).ok_or(Unfit)?;
        let is_drawn = matches!(marker, 0xC0..=0xC2) && frame.precision_bits == 8;
        let ids: Vec<_> = frame.components.iter().map(|c| c.id).collect();
        let is_colour = ids.len() == 1 || ids.len() == 3 && ids != *b"RGB" && !self.is_rgb;
        if self.frame.is_some() || !is_drawn || !is_colour {
            return Err(Unfit);
        }
        // A lone component is coded block by block, whatever its factors say.
        let factor = |factor: usize| if ids.len() == 1 { 1 } else { factor };
        let across_max = frame.components.iter().map(|c| factor(c.across)).max();
        let down_max = frame.components.iter().map(|c| factor(c.down)).max();
        let (across_max, down_max) = across_max.zip(down_max).ok_or(Unfit)?;
        let (width, height) = (frame.width_px as usize, frame.height_px as usize);
        self.units = (
            width.div_ceil(8 * across_max),
            height.div_ceil(8 * down_max),
        );
        let longest = frame.width_px.max(frame.height_px);
        for (index, component) in frame.components.iter().enumerate() {
            let (across, down) = (factor(component.across), factor(component.down));
            // A component may be coarser one way only, and then the finer way decides.
            let share = (across as f64 / across_max as f64).min(down as f64 / down_max as f64);
            let wanted =
                f64::from(self.longest_px.min(longest)) * if index == 0 { 1.0 } else { 0.5 };
            let fits = |side: usize| f64::from(longest) * share * side as f64 / 8.0 >= wanted;
            let side = [1, 2, 4, 8]
                .into_iter()
                .find(|&side| fits(side))
                .unwrap_or(8);
            let extent = |px: usize, own: usize, all: usize| {
                (px * own) as f64 / all as f64 * side as f64 / 8.0
            };
            let (blocks_wide, blocks_high) = (self.units.0 * across, self.units.1 * down);
            self.parts.push(Part {
                id: component.id,
                across,
                down,
                quant: component.quant,
                blocks_wide,
                own_wide: (width * across).div_ceil(across_max).div_ceil(8),
                own_high: (height * down).div_ceil(down_max).div_ceil(8),
                side,
                places: transform::places(side),
                plane: Plane::new(
                    blocks_wide * side,
                    blocks_high * side,
                    extent(width, across, across_max),
                    extent(height, down, down_max),
                ),
                transform: None,
                is_done: false,
            });
        }
        if marker == 0xC2 {
            let sizes = self.parts.iter().map(|part| {
                let blocks = part.plane.width_px / part.side * (part.plane.height_px / part.side);
                (blocks, part.side)
            });
            self.progressive = Some(progressive::Coefficients::new(sizes));
        }
        self.frame = Some(frame);
        Ok(())
    }

    fn select(&mut self, body: &[u8]) -> Result<(), Unfit> {
        let (&[count], rest) = body.split_first_chunk::<1>().ok_or(Unfit)?;
        let count = usize::from(count);
        let (parts, tail) = rest.split_at_checked(2 * count).ok_or(Unfit)?;
        let &[first, last, approximation, ..] = tail else {
            return Err(Unfit);
        };
        self.selected.clear();
        for part in parts.chunks_exact(2) {
            let index = self
                .parts
                .iter()
                .position(|p| p.id == part[0])
                .ok_or(Unfit)?;
            if self.selected.iter().any(|&(other, ..)| other == index) {
                return Err(Unfit);
            }
            self.selected.push((
                index,
                usize::from(part[1] >> 4 & 3),
                usize::from(part[1] & 3),
            ));
        }
        let (high, low) = (u32::from(approximation >> 4), u32::from(approximation & 15));
        self.spectrum = (usize::from(first), usize::from(last), high, low);
        self.scans += 1;
        // More blocks in one unit than the standard allows is nothing that a camera writes.
        let is_odd = self.selected.is_empty() || last >= 64 || first > last || low > 13;
        if is_odd || self.scans > MAX_SCANS {
            return Err(Unfit);
        }
        Ok(())
    }

    fn scan(&mut self, coded: &[u8]) -> Result<(), Unfit> {
        if let Some(mut coefficients) = self.progressive.take() {
            let scanned = self.scan_progressively(coded, &mut coefficients);
            self.progressive = Some(coefficients);
            return scanned;
        }
        for &(index, ..) in &self.selected {
            let part = &mut self.parts[index];
            if part.is_done {
                return Err(Unfit);
            }
            let quant = self.quants[part.quant].as_ref().ok_or(Unfit)?;
            part.transform = Some(Transform::new(part.side, quant));
            part.is_done = true;
        }
        let units = self.scan_units()?;
        let is_lone = self.selected.len() == 1;
        let mut bits = Bits::new(coded);
        let mut before = [0_i32; 4];
        let mut block: Block = [0; 128];
        let (mut until_restart, mut restarts) = (self.restart_interval, 0);
        for down in 0..units.1 {
            for across in 0..units.0 {
                if self.restart_interval > 0 {
                    if until_restart == 0 {
                        bits.restart(restarts)?;
                        restarts += 1;
                        before = [0; 4];
                        until_restart = self.restart_interval;
                    }
                    until_restart -= 1;
                }
                for &(index, dc, ac) in &self.selected {
                    let part = &mut self.parts[index];
                    let (Some(dc), Some(ac)) = (&self.dc[dc], &self.ac[ac]) else {
                        return Err(Unfit);
                    };
                    let Some(transform) = &part.transform else {
                        return Err(Unfit);
                    };
                    let (wide, high) = if is_lone {
                        (1, 1)
                    } else {
                        (part.across, part.down)
                    };
                    let stride = part.plane.width_px;
                    for row in 0..high {
                        for column in 0..wide {
                            let is_flat = read_block(
                                &mut bits,
                                (dc, ac),
                                &mut before[index],
                                &part.places,
                                part.side,
                                &mut block,
                            )?;
                            let at =
                                ((down * high + row) * stride + across * wide + column) * part.side;
                            transform.draw(&block, is_flat, &mut part.plane.levels, at, stride);
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

    /// How many units the scan has, across and down.
    fn scan_units(&self) -> Result<(usize, usize), Unfit> {
        match *self.selected.as_slice() {
            [(index, ..)] => {
                let part = &self.parts[index];
                Ok((part.own_wide, part.own_high))
            }
            _ => Ok(self.units),
        }
    }

    fn finish(mut self, has_end: bool) -> Result<Planes, Unfit> {
        if let Some(coefficients) = self.progressive.take() {
            // Whether scans are missing cannot be told, so the end marker has to.
            if !has_end {
                return Err(Unfit);
            }
            coefficients.draw(&mut self.parts, &self.quants)?;
        }
        let frame = self.frame.ok_or(Unfit)?;
        if self.parts.iter().any(|part| !part.is_done) {
            return Err(Unfit);
        }
        let mut planes = self.parts.into_iter().map(|part| part.plane);
        let luma = planes.next().ok_or(Unfit)?;
        Ok(Planes {
            width_px: frame.width_px,
            height_px: frame.height_px,
            luma,
            chroma: planes.next().zip(planes.next()).map(<[_; 2]>::from),
        })
    }
}

/// Reads one block of a sequential scan; true when only its mean is there.
#[inline(always)]
fn read_block(
    bits: &mut Bits<'_>,
    (dc, ac): (&Table, &Table),
    before: &mut i32,
    places: &[u8; 64],
    side: usize,
    block: &mut Block,
) -> Result<bool, Broken> {
    block[..side * side].fill(0);
    let size = u32::from(bits.symbol(dc)?);
    if size > 16 {
        return Err(Broken);
    }
    // Damage can drive the sum anywhere; what is sound stays within twelve bits.
    *before = before.wrapping_add(bits.number(size));
    block[0] = *before;
    let mut at = 1;
    while at < BLOCK {
        let Some((run, value)) = bits.step(ac)? else {
            break;
        };
        at += run;
        let &place = places.get(at).ok_or(Broken)?;
        block[usize::from(place & 127)] = value;
        at += 1;
    }
    Ok(at == 1)
}
