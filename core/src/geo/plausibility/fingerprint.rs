//! The fingerprint of a track: a sketch of fixed size that tells whether two tracks are one.
//!
//! The line through the fixes crosses meridians and parallels that lie about ten metres
//! apart. Where it crosses one (to half a metre) and how long it took from the crossing
//! before (to half a second) hold the receiver's noise of that day: a replay repeats them,
//! whenever it begins, however it is sampled, rounded or cut; two walks of one route do not.
//! Three crossings one after the other make a word, and the sketch keeps the words with the
//! smallest hashes (bottom-k: Cohen and Kaplan 2007), so that the similarity is an estimate of the words in
//! common over all words.
//!
//! It does not know a track again that was moved by metres, played at another speed, or
//! given noise of its own.

use thiserror::Error;

use crate::geo::local::east_deg;
use crate::model::place::LatLon;
use crate::model::time::UtcMs;

/// So many words a sketch keeps.
const KEPT: usize = 128;
/// Tracks of fewer words are not compared: a few hundred metres have more.
const LEAST_WORDS: usize = 30;
/// The lines, per degree of longitude and latitude alike.
const LINES_PER_DEG: f64 = 1e4;
/// Lines lie between positions that are rounded, where a crossing would be chance.
const LINE_PHASE: f64 = 0.37;
/// A place along a line, in cells per degree: about half a metre.
const CELLS_PER_DEG: f64 = 2e5;
/// Likewise beside the edges of rounded positions.
const CELL_PHASE: f64 = 0.13;
/// The time between two crossings, in cells a second.
const CELLS_PER_S: f64 = 2.0;
/// A step over more lines is a leap and no walk: it is left out.
const MOST_LINES: i64 = 64;
/// The version of the bytes.
const VERSION: u8 = 1;

/// What bytes of a fingerprint lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FingerprintError {
    /// Neither hexadecimal digits nor of a length that a sketch has.
    #[error("fingerprint: not hexadecimal digits of a sketch of at most {KEPT} words")]
    Form,
    /// A version that this one does not know.
    #[error("fingerprint: version {0} is not known")]
    Version(u8),
    /// The words do not ascend.
    #[error("fingerprint: its words are not in ascending order")]
    Order,
}

/// A sketch of a track. Equal tracks have equal ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Fingerprint {
    /// The smallest hashes of words, ascending, each once.
    words: Vec<u64>,
}

impl Fingerprint {
    /// True when there is too little of the track to compare.
    #[must_use]
    pub fn is_too_short(&self) -> bool {
        self.words.len() < LEAST_WORDS
    }

    /// The words that are kept, ascending: at most 128.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The estimated share of words in common of all words of both tracks, 0 to 1; symmetric,
    /// 1 with itself, and 0 where one of them is too short.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.is_too_short() || other.is_too_short() {
            return 0.0;
        }
        let (mut mine, mut theirs) = (self.words.iter().peekable(), other.words.iter().peekable());
        let (mut both, mut all) = (0_u32, 0_u32);
        while (all as usize) < KEPT {
            match (mine.peek().copied(), theirs.peek().copied()) {
                (Some(a), Some(b)) => {
                    both += u32::from(a == b);
                    if a <= b {
                        mine.next();
                    }
                    if b <= a {
                        theirs.next();
                    }
                }
                // A full sketch says nothing beyond its last word; a short one is whole.
                (Some(_), None) if other.words.len() < KEPT => drop(mine.next()),
                (None, Some(_)) if self.words.len() < KEPT => drop(theirs.next()),
                _ => break,
            }
            all += 1;
        }
        f64::from(both) / f64::from(all.max(1))
    }

    /// The version and the words, big-endian: at most 1025 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let words = self.words.iter().flat_map(|word| word.to_be_bytes());
        std::iter::once(VERSION).chain(words).collect()
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// [`FingerprintError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FingerprintError> {
        let (version, rest) = bytes.split_first().ok_or(FingerprintError::Form)?;
        if *version != VERSION {
            return Err(FingerprintError::Version(*version));
        }
        let (chunks, remainder) = rest.as_chunks::<8>();
        if !remainder.is_empty() || chunks.len() > KEPT {
            return Err(FingerprintError::Form);
        }
        let words: Vec<u64> = chunks.iter().map(|c| u64::from_be_bytes(*c)).collect();
        if words.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(FingerprintError::Order);
        }
        Ok(Self { words })
    }

    /// The bytes as hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.to_bytes())
    }

    /// Reads hexadecimal digits.
    ///
    /// # Errors
    /// [`FingerprintError`].
    pub fn from_hex(text: &str) -> Result<Self, FingerprintError> {
        Self::from_bytes(&hex::decode(text).map_err(|_| FingerprintError::Form)?)
    }
}

/// Makes the fingerprint of a track, fix by fix.
#[derive(Debug, Clone, Default)]
pub struct Tracer {
    words: Vec<u64>,
    last: Option<(UtcMs, LatLon)>,
    crossings: Vec<Crossing>,
    /// The crossings before the last, as hashes: each of its line, its place, and the time to
    /// the one after.
    before: [Option<u64>; 2],
    last_crossing: Option<Crossing>,
}

/// Where and when the line through the fixes crosses a line on the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Crossing {
    /// Which line, with its direction.
    line: u64,
    /// The cell along it.
    cell: u64,
    at_ms: f64,
}

impl Tracer {
    /// Takes the next fix in order of arrival.
    pub fn feed(&mut self, at: UtcMs, place: LatLon) {
        let Some((last_at, last)) = self.last.replace((at, place)) else {
            return;
        };
        let north = place.lat_deg() - last.lat_deg();
        let east = east_deg(last.lon_deg(), place.lon_deg());
        if at < last_at {
            return self.interrupt_keeping((at, place));
        }
        let mut crossings = std::mem::take(&mut self.crossings);
        crossings.clear();
        let time = (last_at.0 as f64, (at.0 - last_at.0) as f64);
        let parallel = (last.lat_deg(), north);
        let meridian = (last.lon_deg(), east);
        let is_walk = cross(0, parallel, meridian, time, &mut crossings)
            && cross(1, meridian, parallel, time, &mut crossings);
        if is_walk {
            crossings.sort_by(|a, b| {
                (a.at_ms, a.line)
                    .partial_cmp(&(b.at_ms, b.line))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            for crossing in &crossings {
                self.cross(*crossing);
            }
        } else {
            self.interrupt_keeping((at, place));
        }
        self.crossings = crossings;
    }

    /// No line leads from the last fix to the next.
    pub fn interrupt(&mut self) {
        self.last = None;
        self.before = [None; 2];
        self.last_crossing = None;
    }

    fn interrupt_keeping(&mut self, last: (UtcMs, LatLon)) {
        self.interrupt();
        self.last = Some(last);
    }

    fn cross(&mut self, crossing: Crossing) {
        let place = mix(mix(0, crossing.line), crossing.cell);
        if let Some(last) = self.last_crossing {
            let halves = ((crossing.at_ms - last.at_ms) / 1000.0 * CELLS_PER_S).floor() as u64;
            let earlier = mix(mix(mix(0, last.line), last.cell), halves);
            if let [_, Some(first)] = self.before {
                self.keep(mix(mix(first, earlier), place));
            }
            self.before = [self.before[1], Some(earlier)];
        }
        self.last_crossing = Some(crossing);
    }

    /// Keeps the smallest words, each once.
    fn keep(&mut self, word: u64) {
        if self.words.len() == KEPT && self.words.last().is_some_and(|last| word >= *last) {
            return;
        }
        if let Err(index) = self.words.binary_search(&word) {
            self.words.insert(index, word);
            self.words.truncate(KEPT);
        }
    }

    /// The fingerprint so far.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            words: self.words.clone(),
        }
    }
}

/// Adds the crossings of a step with the lines across one axis; false where there are so many
/// that it is no walk.
///
/// - `across`, `along`: the coordinate that the lines divide and the other one, where the step
///   begins and how far it leads, in degrees.
/// - `time`: when it begins and how long it takes, in milliseconds.
fn cross(
    axis: u64,
    across: (f64, f64),
    along: (f64, f64),
    time: (f64, f64),
    crossings: &mut Vec<Crossing>,
) -> bool {
    let line_at = |deg: f64| (deg * LINES_PER_DEG - LINE_PHASE).floor();
    let (first, last) = (line_at(across.0), line_at(across.0 + across.1));
    let (first, last) = (first as i64, last as i64);
    if (last - first).abs() > MOST_LINES {
        return false;
    }
    let is_up = u64::from(last > first);
    for line in first.min(last) + 1..=first.max(last) {
        let deg = (line as f64 + LINE_PHASE) / LINES_PER_DEG;
        let part = ((deg - across.0) / across.1).clamp(0.0, 1.0);
        let place = turned(along.0 + part * along.1);
        crossings.push(Crossing {
            // A meridian has one number on both sides of the date line.
            line: ((turned_line(axis, line) as u64) << 2) | (axis << 1) | is_up,
            cell: (place * CELLS_PER_DEG + CELL_PHASE).floor() as i64 as u64,
            at_ms: time.0 + part * time.1,
        });
    }
    true
}

/// Degrees of a longitude that a step led beyond the date line; latitudes never are.
fn turned(deg: f64) -> f64 {
    if deg >= 180.0 {
        deg - 360.0
    } else if deg < -180.0 {
        deg + 360.0
    } else {
        deg
    }
}

fn turned_line(axis: u64, line: i64) -> i64 {
    let round = (360.0 * LINES_PER_DEG) as i64;
    match axis {
        0 => line,
        _ => line.rem_euclid(round),
    }
}

/// Mixes a number into a hash (the finaliser of SplitMix64, Steele et al. 2014).
fn mix(hash: u64, value: u64) -> u64 {
    let mut z = (hash ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
