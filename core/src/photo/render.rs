//! Photos of our own making for the demo and tests.
//!
//! A scene is drawn, stored the way a phone's sensor lies, and given real Exif, so that a
//! demo shows nobody's street and a test knows every value it should read back. The same
//! scene gives the same bytes; another seed gives another street.
//!
//! Source of the Exif layout: Exif 2.32 (CIPA DC-008) clause 4.6.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Rgb, RgbImage};

use super::pixels;

/// Sides are kept within what a test can afford to draw.
const SIDES_PX: std::ops::RangeInclusive<u32> = 16..=8192;
const QUALITY: u8 = 88;
/// Room for a name in one Exif segment, with plenty to spare.
const MAX_NAME_CHARS: usize = 64;

/// What to draw and what the camera says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Chooses the street; the same seed always draws the same one.
    pub seed: u64,
    /// Width as stored; kept within 16..=8192.
    pub width_px: u32,
    /// Height as stored; kept within 16..=8192.
    pub height_px: u32,
    /// Exif orientation: the picture is stored so that it is upright once this is applied.
    /// What is not in 1..=8 is written as it is and the picture stored upright.
    pub orientation: u8,
    /// WGS 84 latitude and longitude in degrees.
    pub position: Option<(f64, f64)>,
    /// Local time, `YYYY:MM:DD HH:MM:SS`, written unchecked.
    pub taken_at: Option<String>,
    /// Offset from UTC, `+08:00`, written unchecked.
    pub offset: Option<String>,
    /// The camera's maker; empty leaves it out.
    pub make: String,
    /// The camera's model; empty leaves it out.
    pub model: String,
}

/// Draws the scene as a JPEG with Exif.
#[must_use]
pub fn render(scene: &Scene) -> Vec<u8> {
    let clamp = |side_px: u32| side_px.clamp(*SIDES_PX.start(), *SIDES_PX.end());
    let (mut width_px, mut height_px) = (clamp(scene.width_px), clamp(scene.height_px));
    if (5..=8).contains(&scene.orientation) {
        (width_px, height_px) = (height_px, width_px);
    }
    let upright = Canvas::new(scene.seed, width_px, height_px).street();
    // Turning a quarter back is the other quarter turn; every other change undoes itself.
    let back = match scene.orientation {
        6 => 8,
        8 => 6,
        other => other,
    };
    let stored = pixels::upright(DynamicImage::from(upright), back);
    let mut jpeg = Vec::new();
    stored
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))
        .expect("writing to memory cannot fail, and the sides fit a JPEG");
    with_exif(&jpeg, &scene_exif(scene))
}

/// Puts an Exif block right behind a JPEG's start marker.
pub(super) fn with_exif(jpeg: &[u8], tiff: &[u8]) -> Vec<u8> {
    let length = u16::try_from(tiff.len() + 8).expect("the fields are short");
    let (start, rest) = jpeg.split_at(2);
    [
        start,
        &[0xFF, 0xE1],
        &length.to_be_bytes(),
        b"Exif\0\0",
        tiff,
        rest,
    ]
    .concat()
}

/// A small scene for unit tests.
#[cfg(test)]
pub(super) fn small(seed: u64) -> Vec<u8> {
    render(&Scene {
        seed,
        width_px: 96,
        height_px: 64,
        orientation: 1,
        position: None,
        taken_at: None,
        offset: None,
        make: String::new(),
        model: String::new(),
    })
}

fn scene_exif(scene: &Scene) -> Vec<u8> {
    let mut root = Vec::new();
    for (tag, name) in [(0x010F, &scene.make), (0x0110, &scene.model)] {
        if !name.is_empty() {
            let name: String = name.chars().take(MAX_NAME_CHARS).collect();
            root.push(Field::ascii(tag, &name));
        }
    }
    root.push(Field::short(0x0112, u16::from(scene.orientation)));
    let mut exif = vec![Field::bytes(0x9000, 7, b"0232")];
    for (tag, value) in [(0x9003, &scene.taken_at), (0x9011, &scene.offset)] {
        exif.extend(value.as_deref().map(|value| Field::ascii(tag, value)));
    }
    let mut gps = Vec::new();
    if let Some((lat_deg, lon_deg)) = scene.position {
        gps = vec![
            Field::bytes(0, 1, &[2, 3, 0, 0]),
            Field::ascii(1, if lat_deg < 0.0 { "S" } else { "N" }),
            Field::rationals(2, &sexagesimal(lat_deg)),
            Field::ascii(3, if lon_deg < 0.0 { "W" } else { "E" }),
            Field::rationals(4, &sexagesimal(lon_deg)),
        ];
    }
    tiff(root, &exif, &gps)
}

/// Degrees, minutes and ten-thousandths of a second (3 mm), without sign.
fn sexagesimal(angle_deg: f64) -> [(u32, u32); 3] {
    let parts = (angle_deg.abs().min(360.0) * 36_000_000.0).round() as u64;
    let small = |part: u64| part as u32;
    [
        (small(parts / 36_000_000), 1),
        (small(parts / 600_000 % 60), 1),
        (small(parts % 600_000), 10_000),
    ]
}

/// One entry of an Exif directory, big-endian.
pub(super) struct Field {
    tag: u16,
    kind: u16,
    count: u32,
    value: Vec<u8>,
}

impl Field {
    pub(super) fn bytes(tag: u16, kind: u16, value: &[u8]) -> Self {
        Self {
            tag,
            kind,
            count: value.len() as u32,
            value: value.to_vec(),
        }
    }

    pub(super) fn ascii(tag: u16, value: &str) -> Self {
        Self::bytes(tag, 2, &[value.as_bytes(), b"\0"].concat())
    }

    pub(super) fn short(tag: u16, value: u16) -> Self {
        Self {
            tag,
            kind: 3,
            count: 1,
            value: value.to_be_bytes().to_vec(),
        }
    }

    fn long(tag: u16, value: u32) -> Self {
        Self {
            tag,
            kind: 4,
            count: 1,
            value: value.to_be_bytes().to_vec(),
        }
    }

    pub(super) fn rationals(tag: u16, values: &[(u32, u32)]) -> Self {
        let value = values
            .iter()
            .flat_map(|(over, under)| [over.to_be_bytes(), under.to_be_bytes()]);
        Self {
            tag,
            kind: 5,
            count: values.len() as u32,
            value: value.flatten().collect(),
        }
    }
}

/// A TIFF block of three directories; an empty one is left out. Fields come sorted by tag.
pub(super) fn tiff(mut root: Vec<Field>, exif: &[Field], gps: &[Field]) -> Vec<u8> {
    let parts = [(0x8769, exif), (0x8825, gps)];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(_, fields)| !fields.is_empty())
        .collect();
    let pointers = parts.iter().map(|&(tag, _)| Field::long(tag, 0));
    let first = root.len();
    root.extend(pointers);
    let mut at = 8 + directory(&root, 0).len();
    let mut tail = Vec::new();
    for (pointer, (_, fields)) in root[first..].iter_mut().zip(parts) {
        pointer.value = (at as u32).to_be_bytes().to_vec();
        let written = directory(fields, at);
        at += written.len();
        tail.extend(written);
    }
    [b"MM\0\x2A\0\0\0\x08".to_vec(), directory(&root, 8), tail].concat()
}

/// One directory that will stand at `at`, its longer values behind its entries.
fn directory(fields: &[Field], at: usize) -> Vec<u8> {
    let mut entries = (fields.len() as u16).to_be_bytes().to_vec();
    let mut values = Vec::new();
    let values_at = at + 2 + 12 * fields.len() + 4;
    for field in fields {
        entries.extend(field.tag.to_be_bytes());
        entries.extend(field.kind.to_be_bytes());
        entries.extend(field.count.to_be_bytes());
        if field.value.len() <= 4 {
            let mut inline = field.value.clone();
            inline.resize(4, 0);
            entries.extend(inline);
        } else {
            entries.extend(((values_at + values.len()) as u32).to_be_bytes());
            values.extend(&field.value);
            // Values begin on even offsets.
            values.resize(values.len().next_multiple_of(2), 0);
        }
    }
    entries.extend([0; 4]);
    entries.extend(values);
    entries
}

type Colour = [u8; 3];

/// A picture in the making; shapes are placed in fractions of its sides.
struct Canvas {
    state: u64,
    image: RgbImage,
}

impl Canvas {
    fn new(seed: u64, width_px: u32, height_px: u32) -> Self {
        Self {
            state: seed,
            image: RgbImage::new(width_px, height_px),
        }
    }

    /// The next number of the SplitMix64 sequence.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (self.next() >> 11) as f64 / (1_u64 << 53) as f64 * (high - low)
    }

    fn tint(&mut self, base: Colour, spread: f64) -> Colour {
        base.map(|level| (f64::from(level) + self.between(-spread, spread)).clamp(0.0, 255.0) as u8)
    }

    /// Fills every pixel of a box for which `colour` has one; it is asked in fractions.
    fn fill(&mut self, area: [f64; 4], colour: impl Fn(f64, f64) -> Option<Colour>) {
        let (width, height) = (
            f64::from(self.image.width()),
            f64::from(self.image.height()),
        );
        let pixel = |part: f64, side: f64| (part.clamp(0.0, 1.0) * side) as u32;
        for y in pixel(area[1], height)..pixel(area[3], height) {
            for x in pixel(area[0], width)..pixel(area[2], width) {
                let at = ((f64::from(x) + 0.5) / width, (f64::from(y) + 0.5) / height);
                if let Some(colour) = colour(at.0, at.1) {
                    self.image.put_pixel(x, y, Rgb(colour));
                }
            }
        }
    }

    fn street(mut self) -> RgbImage {
        let horizon = self.between(0.38, 0.52);
        let sky = self.tint([150, 185, 220], 35.0);
        let haze = self.tint([225, 225, 220], 20.0);
        self.fill([0.0, 0.0, 1.0, horizon], |_, y| {
            let share = y / horizon;
            Some(std::array::from_fn(|i| {
                (f64::from(sky[i]) * (1.0 - share) + f64::from(haze[i]) * share) as u8
            }))
        });
        let pavement = self.tint([165, 158, 148], 18.0);
        self.fill([0.0, horizon, 1.0, 1.0], |_, _| Some(pavement));
        self.houses(horizon);
        let vanishing = self.between(0.35, 0.65);
        self.road(horizon, vanishing);
        for _ in 0..2 + self.next() % 3 {
            self.bin(horizon);
        }
        self.cover(horizon, vanishing);
        self.grain();
        self.image
    }

    fn houses(&mut self, horizon: f64) {
        let mut left = -0.02;
        while left < 1.0 {
            let right = left + self.between(0.08, 0.22);
            let top = horizon * self.between(0.15, 0.8);
            let base = horizon + 0.02;
            let wall = self.tint([170, 140, 120], 55.0);
            let pane = self.tint([70, 85, 105], 25.0);
            let (columns, rows) = (
                self.between(3.0, 6.0).floor(),
                self.between(3.0, 8.0).floor(),
            );
            self.fill([left, top, right, base], |x, y| {
                let across = ((x - left) / (right - left) * columns).fract();
                let down = ((y - top) / (base - top) * rows).fract();
                let is_pane = (0.25..0.75).contains(&across) && (0.3..0.8).contains(&down);
                Some(if is_pane { pane } else { wall })
            });
            left = right;
        }
    }

    fn road(&mut self, horizon: f64, vanishing: f64) {
        let asphalt = self.tint([85, 86, 90], 14.0);
        let (paint, half) = (self.tint([225, 222, 205], 15.0), self.between(0.35, 0.55));
        let dashes = self.between(5.0, 9.0);
        self.fill([0.0, horizon, 1.0, 1.0], |x, y| {
            let depth = (y - horizon) / (1.0 - horizon);
            let aside = (x - vanishing).abs();
            let is_dash = aside < 0.012 * depth && (depth.sqrt() * dashes).fract() < 0.5;
            let is_kerb = (half * depth - aside).abs() < 0.012 * depth;
            match aside < half * depth {
                _ if is_dash || is_kerb => Some(paint),
                is_road => is_road.then_some(asphalt),
            }
        });
    }

    /// A manhole cover: the commonest thing that an inspector photographs.
    fn cover(&mut self, horizon: f64, vanishing: f64) {
        let iron = self.tint([58, 54, 50], 12.0);
        let rim = self.tint([118, 110, 100], 15.0);
        let x0 = vanishing + self.between(-0.2, 0.2);
        let y0 = horizon + (1.0 - horizon) * self.between(0.55, 0.75);
        let (wide, high) = (self.between(0.09, 0.15), self.between(0.06, 0.09));
        let spokes = self.between(5.0, 12.0).floor();
        self.fill([x0 - wide, y0 - high, x0 + wide, y0 + high], |x, y| {
            let (dx, dy) = ((x - x0) / wide, (y - y0) / high);
            let radius = dx.hypot(dy);
            let is_raised = (dy.atan2(dx) * spokes).sin() > 0.6 || (radius * 6.0).fract() < 0.25;
            match radius {
                r if r > 1.0 => None,
                r if r > 0.9 || is_raised => Some(rim),
                _ => Some(iron),
            }
        });
    }

    fn bin(&mut self, horizon: f64) {
        let left = if self.next() & 1 == 0 {
            self.between(0.0, 0.2)
        } else {
            self.between(0.75, 0.92)
        };
        let base = horizon + (1.0 - horizon) * self.between(0.2, 0.7);
        let (wide, high) = (self.between(0.05, 0.1), self.between(0.12, 0.22));
        let palette = [[40, 110, 70], [50, 80, 140], [180, 60, 50], [95, 95, 100]];
        let body = palette[(self.next() % 4) as usize];
        let body = self.tint(body, 15.0);
        let lid = body.map(|level| level / 2);
        self.fill([left, base - high, left + wide, base], |x, y| {
            let down = (y - (base - high)) / high;
            // The body narrows towards the ground.
            let inset = 0.15 * down * wide;
            let is_inside = x > left + inset && x < left + wide - inset;
            if down < 0.15 {
                Some(lid)
            } else {
                is_inside.then_some(body)
            }
        });
    }

    /// Sensor grain, so that a drawn picture is not sharper or flatter than a real one.
    fn grain(&mut self) {
        let mut noise = 0;
        for (index, level) in self
            .image
            .as_flat_samples_mut()
            .samples
            .iter_mut()
            .enumerate()
        {
            if index % 8 == 0 {
                self.state = self
                    .state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                noise = self.state >> 16;
            }
            let step = (noise >> (index % 8 * 4) & 15) as i16 - 8;
            *level = (i16::from(*level) + step).clamp(0, 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{capture, inspect};
    use super::*;

    fn scene(seed: u64, orientation: u8) -> Scene {
        Scene {
            seed,
            width_px: 320,
            height_px: 240,
            orientation,
            position: Some((-31.230_416_7, 121.473_701_2)),
            taken_at: Some("2026:03:01 09:30:15".to_owned()),
            offset: Some("+08:00".to_owned()),
            make: "Bading".to_owned(),
            model: "Demo 1".to_owned(),
        }
    }

    #[test]
    fn scene_reads_back_as_it_was_asked_for() {
        let facts = inspect(&render(&scene(1, 6))).expect("our own photo");
        assert_eq!(
            (facts.width_px, facts.height_px, facts.orientation),
            (320, 240, 6)
        );
        let (lat_deg, lon_deg) = facts.position.expect("a place was given");
        assert!((lat_deg + 31.230_416_7).abs() < 1e-7 && (lon_deg - 121.473_701_2).abs() < 1e-7);
        assert_eq!(facts.taken_at.as_deref(), Some("2026-03-01T09:30:15"));
        assert_eq!(facts.offset.as_deref(), Some("+08:00"));
        assert_eq!(
            (facts.make.as_deref(), facts.model.as_deref()),
            (Some("Bading"), Some("Demo 1"))
        );
        assert_eq!(facts.problems, []);
    }

    #[test]
    fn scene_without_notes_reads_back_without_them() {
        let facts = inspect(&small(2)).expect("our own photo");
        assert_eq!(
            (facts.position, facts.taken_at, facts.offset),
            (None, None, None)
        );
        assert_eq!(
            (facts.make, facts.model, facts.problems),
            (None, None, Vec::new())
        );
    }

    #[test]
    fn same_seed_gives_the_same_bytes_and_others_look_different() {
        assert_eq!(render(&scene(5, 1)), render(&scene(5, 1)));
        let hash = |seed| {
            inspect(&render(&scene(seed, 1)))
                .ok()
                .and_then(|facts| facts.phash)
        };
        let hashes: Vec<u64> = (0..12).filter_map(hash).collect();
        assert_eq!(hashes.len(), 12);
        for (index, hash) in hashes.iter().enumerate() {
            let nearest = hashes[..index]
                .iter()
                .map(|other| (hash ^ other).count_ones())
                .min();
            assert!(nearest.is_none_or(|bits| bits >= 6), "{hashes:x?}");
        }
    }

    #[test]
    fn scene_is_the_same_seen_upright_in_every_orientation() {
        // Mirroring keeps the sides, turning swaps them: ask for the same upright sides.
        let seen = |orientation: u8| {
            let mut scene = scene(9, orientation);
            if orientation >= 5 {
                (scene.width_px, scene.height_px) = (scene.height_px, scene.width_px);
            }
            let capture = capture(&render(&scene), &[160]).expect("our own photo");
            let small =
                image::load_from_memory(&capture.thumbnails[0].1).expect("our own thumbnail");
            (
                small.to_luma8(),
                capture.facts.phash.expect("pixels were decoded"),
            )
        };
        let (upright, hash) = seen(1);
        assert_eq!(upright.dimensions(), (160, 120));
        for orientation in 2..=8 {
            let (turned, turned_hash) = seen(orientation);
            assert_eq!(turned.dimensions(), upright.dimensions());
            let pairs = upright.as_raw().iter().zip(turned.as_raw());
            let sum: u32 = pairs.map(|(&a, &b)| u32::from(a.abs_diff(b))).sum();
            let mean = f64::from(sum) / upright.as_raw().len() as f64;
            assert!(mean < 3.0, "orientation {orientation}: {mean}");
            assert!(
                (hash ^ turned_hash).count_ones() <= 6,
                "orientation {orientation}"
            );
        }
    }

    #[test]
    fn seconds_that_round_to_sixty_carry_over() {
        assert_eq!(
            sexagesimal(10.999_999_999_9),
            [(11, 1), (0, 1), (0, 10_000)]
        );
        assert_eq!(sexagesimal(-0.5), [(0, 1), (30, 1), (0, 10_000)]);
    }
}
