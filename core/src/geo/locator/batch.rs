//! Many points at once: the same answers as one by one, in an order that is kinder to memory.
//!
//! The index is larger than a processor's near caches, and points come in any order, so that
//! a look-up mostly waits for memory. Points of one bucket look at the same few lines of it:
//! a batch is therefore answered bucket by bucket. Sorting is by counting, in two passes, and
//! the answers go back to the places of their points.

use super::Locator;
use geo::Coord;

/// Points that are sorted together: enough for neighbours to meet, few enough that what is
/// sorted stays near the processor.
const BATCH: usize = 1 << 16;
/// Fewer points than this are answered as they come.
const LEAST: usize = 1 << 10;
/// Values of one digit of the sort.
const DIGIT: usize = 1 << 11;

impl Locator {
    /// As [`super::Locator::find_index`] for each place, (latitude, longitude) in degrees.
    ///
    /// - `answers`: emptied first, then one answer for each place, in their order.
    pub fn find_all(&self, places: &[(f64, f64)], answers: &mut Vec<Option<u32>>) {
        answers.clear();
        answers.resize(places.len(), None);
        let mut order = Order::default();
        for (places, answers) in places.chunks(BATCH).zip(answers.chunks_mut(BATCH)) {
            if places.len() < LEAST {
                for (answer, &(lat, lon)) in answers.iter_mut().zip(places) {
                    *answer = self.find_index(lat, lon);
                }
                continue;
            }
            order.fill(places.iter().map(|&(lat, lon)| {
                let (column, row) = self.plane.bucket(Coord { x: lon, y: lat })?;
                // The number only sorts: a cast that cuts it off costs time and no answer.
                Some((row * self.plane.columns + column) as u32)
            }));
            for &(_, place) in order.sorted() {
                let (lat, lon) = places[place as usize];
                answers[place as usize] = self.find_index(lat, lon);
            }
        }
    }
}

/// Buckets with the places of their points, and the room in which they are sorted.
#[derive(Default)]
struct Order {
    items: Vec<(u32, u32)>,
    other: Vec<(u32, u32)>,
}

impl Order {
    fn fill(&mut self, buckets: impl Iterator<Item = Option<u32>>) {
        self.items.clear();
        let found = (0..).zip(buckets);
        self.items
            .extend(found.filter_map(|(place, bucket)| Some((bucket?, place))));
    }

    /// Sorts by bucket; two digits of eleven bits hold every one that `build` makes.
    fn sorted(&mut self) -> &[(u32, u32)] {
        self.other.clear();
        self.other.resize(self.items.len(), (0, 0));
        for shift in [0, DIGIT.trailing_zeros()] {
            let digit = |bucket: u32| (bucket >> shift) as usize & (DIGIT - 1);
            let mut ends = [0_u32; DIGIT];
            for &(bucket, _) in &self.items {
                ends[digit(bucket)] += 1;
            }
            let mut start = 0;
            for end in &mut ends {
                let count = *end;
                *end = start;
                start += count;
            }
            for &item in &self.items {
                let place = &mut ends[digit(item.0)];
                self.other[*place as usize] = item;
                *place += 1;
            }
            std::mem::swap(&mut self.items, &mut self.other);
        }
        &self.items
    }
}
