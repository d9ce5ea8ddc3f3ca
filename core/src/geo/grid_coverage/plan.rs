//! The cells that were asked for, made ready for a walk: their borders and their streets.

use std::collections::HashSet;

use geo::Coord;
use thiserror::Error;

use super::super::coverage::CoveredStretch;
use super::super::distance::distance_m;
use super::super::grid_file::GridCell;
use super::super::local::east_deg;
use super::super::locator::Locator;
use super::super::route_line::RouteLine;
use super::CellStreets;
use super::borders::{Borders, Piece};
use crate::model::place::LatLon;
use crate::model::route::{Route, RouteError};

/// Why nothing can be asked about some cells.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum GridCoverageError {
    /// There is no cell: an empty plan is not a finished one.
    #[error("no cell is asked for: an empty plan is not a finished one")]
    NothingPlanned,
    /// A code that was asked for is not among the cells.
    #[error("no cell has the code `{0}`")]
    UnknownCell(String),
    /// The streets in the cells are no route.
    #[error(transparent)]
    Streets(#[from] RouteError),
}

/// Those of the cells whose codes are asked for, in the order of the cells.
///
/// # Errors
/// [`GridCoverageError::UnknownCell`] for the first code that no cell has.
pub fn asked_cells<S: AsRef<str>>(
    cells: Vec<GridCell>,
    codes: &[S],
) -> Result<Vec<GridCell>, GridCoverageError> {
    let known: HashSet<&str> = cells.iter().map(|cell| cell.code.as_str()).collect();
    let unknown = codes.iter().find(|code| !known.contains(code.as_ref()));
    if let Some(code) = unknown {
        return Err(GridCoverageError::UnknownCell(code.as_ref().to_owned()));
    }
    let asked: HashSet<&str> = codes.iter().map(AsRef::as_ref).collect();
    let is_asked = |cell: &GridCell| asked.contains(cell.code.as_str());
    Ok(cells.into_iter().filter(is_asked).collect())
}

/// The cells of a question, with an index of their borders.
#[derive(Debug, Clone)]
pub struct GridPlan {
    codes: Vec<String>,
    locator: Locator,
    borders: Borders,
    streets: Option<Streets>,
}

/// The streets that touch the cells, as one route, and which of its metres lie in which cell.
#[derive(Debug, Clone)]
struct Streets {
    /// Nothing when no street touches a cell.
    network: Option<(Route, RouteLine)>,
    /// In order along the route.
    spans: Vec<Span>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    cell: u32,
    from_m: f64,
    to_m: f64,
}

impl GridPlan {
    /// Indexes cells, in time and memory in proportion to their edges.
    ///
    /// - `cells`: WGS 84; all of them are asked for. Where two overlap, the locator's rule says
    ///   in which of them a place is.
    /// - `streets`: lines whose length in each cell is asked for too, with the corridor in
    ///   which they count as walked; their direction and checkpoints mean nothing here.
    ///
    /// # Errors
    /// [`GridCoverageError::NothingPlanned`] without a cell.
    pub fn try_new(cells: &[GridCell], streets: Option<&Route>) -> Result<Self, GridCoverageError> {
        if cells.is_empty() {
            return Err(GridCoverageError::NothingPlanned);
        }
        let mut plan = Self {
            codes: cells.iter().map(|cell| cell.code.clone()).collect(),
            locator: Locator::build(cells),
            borders: Borders::new(cells),
            streets: None,
        };
        if let Some(streets) = streets {
            plan.streets = Some(plan.clip(streets)?);
        }
        Ok(plan)
    }

    /// How many cells are asked for, at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.codes.len()
    }

    /// Their codes, in the order in which they were given.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(String::as_str)
    }

    pub(super) fn street_route(&self) -> Option<(&Route, &RouteLine)> {
        let (route, line) = self.streets.as_ref()?.network.as_ref()?;
        Some((route, line))
    }

    /// Somebody who stands still.
    pub(super) fn stand(&self, place: LatLon) -> Piece {
        let at = coord(place);
        Piece {
            cell: self.cell_at(at),
            from: 0.0,
            to: 1.0,
            middle: at,
            end: at,
        }
    }

    /// The straight way between two places, in pieces that follow each other from 0 to 1.
    pub(super) fn split(&self, from: LatLon, to: LatLon, pieces: &mut Vec<Piece>) {
        pieces.clear();
        if from == to {
            return pieces.push(self.stand(from));
        }
        let (a, b) = (coord(from), coord(to));
        let east = east_deg(a.x, b.x);
        if (b.x - a.x - east).abs() < 1.0 {
            return self.split_leg((a, b), (0.0, 1.0), pieces);
        }
        // Cells never cross the antimeridian; a way that does has two legs.
        let edge = 180.0_f64.copysign(a.x);
        let share = if east == 0.0 {
            0.0
        } else {
            (edge - a.x) / east
        };
        let y = a.y + share * (b.y - a.y);
        self.split_leg((a, Coord { x: edge, y }), (0.0, share), pieces);
        self.split_leg((Coord { x: -edge, y }, b), (share, 1.0), pieces);
    }

    fn split_leg(&self, (a, b): (Coord, Coord), (from, to): (f64, f64), pieces: &mut Vec<Piece>) {
        let mut shares = vec![0.0, 1.0];
        self.borders.crossings(a, b, &mut shares);
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        for pair in shares.windows(2) {
            let middle = a + (b - a) * ((pair[0] + pair[1]) / 2.0);
            let piece = Piece {
                cell: self.cell_at(middle),
                from: from + pair[0] * (to - from),
                to: from + pair[1] * (to - from),
                middle,
                end: a + (b - a) * pair[1],
            };
            match pieces.last_mut() {
                // Edges that bound none of the two sides: of holes filled, of cells overlapped.
                Some(last) if last.cell == piece.cell && pair[0] > 0.0 => {
                    (last.to, last.end) = (piece.to, piece.end);
                }
                _ => pieces.push(piece),
            }
        }
    }

    /// True when a piece leads farther than so many metres from the cell somebody was in; from
    /// the outside, when it leads so deep into a cell.
    pub(super) fn is_far(&self, piece: &Piece, home: Option<u32>, m: f64) -> bool {
        let is_far = |at| !self.borders.is_near(at, m, home);
        is_far(piece.end) || is_far(piece.middle)
    }

    fn cell_at(&self, at: Coord) -> Option<u32> {
        self.locator.find_index(at.y, at.x)
    }

    fn clip(&self, streets: &Route) -> Result<Streets, GridCoverageError> {
        let mut parts = Vec::new();
        let mut spans = Vec::new();
        let mut length_m = 0.0;
        let mut pieces = Vec::new();
        for part in streets.parts() {
            let (spans_before, mut at_m) = (spans.len(), length_m);
            for pair in part.windows(2).filter(|pair| pair[0] != pair[1]) {
                let segment_m = distance_m(pair[0], pair[1]);
                self.split(pair[0], pair[1], &mut pieces);
                spans.extend(pieces.iter().filter_map(|piece| {
                    piece.cell.map(|cell| Span {
                        cell,
                        from_m: at_m + piece.from * segment_m,
                        to_m: at_m + piece.to * segment_m,
                    })
                }));
                at_m += segment_m;
            }
            // A street that no cell has is not followed.
            if spans.len() > spans_before {
                parts.push(part.clone());
                length_m = at_m;
            }
        }
        let network = if parts.is_empty() {
            None
        } else {
            let route = Route::try_new(parts, streets.corridor_m())?;
            let line = RouteLine::new(&route);
            Some((route, line))
        };
        Ok(Streets { network, spans })
    }

    /// How much of each cell's streets lies in the stretches, which are in order and apart;
    /// nothing where no streets were given.
    pub(super) fn streets_by_cell(&self, covered: &[CoveredStretch]) -> Option<Vec<CellStreets>> {
        let streets = self.streets.as_ref()?;
        let mut lengths = vec![(0.0, 0.0); self.count()];
        for span in &streets.spans {
            let (length_m, covered_m) = &mut lengths[span.cell as usize];
            *length_m += span.to_m - span.from_m;
            let first = covered.partition_point(|stretch| stretch.to_m <= span.from_m);
            let those = covered[first..].iter();
            for stretch in those.take_while(|stretch| stretch.from_m < span.to_m) {
                *covered_m += stretch.to_m.min(span.to_m) - stretch.from_m.max(span.from_m);
            }
        }
        let each = lengths.into_iter().map(|(streets_m, covered_m)| {
            let streets_covered_m = f64::min(covered_m, streets_m);
            CellStreets {
                streets_m,
                streets_covered_m,
                streets_ratio: (streets_m > 0.0).then(|| streets_covered_m / streets_m),
            }
        });
        Some(each.collect())
    }
}

fn coord(place: LatLon) -> Coord {
    Coord {
        x: place.lon_deg(),
        y: place.lat_deg(),
    }
}
