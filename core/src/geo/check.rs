//! Whether the cells of a layer overlap or leave gaps: what `locate --check` reports.
//!
//! Neither is an error: real layers have both. Boolean operations work on a lattice much
//! finer than a millimetre, so shared borders leave slivers of no meaning; what is smaller
//! than [`SLIVER_M2`] is not reported. A gap is a piece enclosed by cells; a bay that opens
//! to the outside of the layer is not one.

use super::grid_file::GridCell;
use geo::{
    BooleanOps, BoundingRect, GeodesicArea, InteriorPoint, LineString, MultiPolygon, Polygon, Rect,
    unary_union,
};

/// Overlaps and gaps of at most this area, in square metres, are taken for rounding.
pub const SLIVER_M2: f64 = 1.0;
/// Most pairs of cells whose boxes meet that are compared: a city of 17,000 cells has 70,000.
pub const MOST_PAIRS: usize = 2_000_000;

/// Two cells that share ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// Code of the cell that comes first in the layer.
    pub a: String,
    /// Code of the other.
    pub b: String,
    /// Latitude, in degrees, of a point inside both.
    pub lat_deg: f64,
    /// Longitude, in degrees, of that point.
    pub lon_deg: f64,
    /// Geodesic area that they share.
    pub area_m2: f64,
}

/// Ground enclosed by cells that no cell covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// Latitude, in degrees, of a point inside.
    pub lat_deg: f64,
    /// Longitude, in degrees, of that point.
    pub lon_deg: f64,
    /// Its geodesic area.
    pub area_m2: f64,
}

/// What [`check_layer`] found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LayerReport {
    /// In the order of the cells.
    pub overlaps: Vec<Overlap>,
    /// The largest first.
    pub gaps: Vec<Gap>,
    /// Whether only the first [`MOST_PAIRS`] pairs were compared, from the west.
    pub is_cut_short: bool,
}

/// Compares all cells whose boxes meet, and looks for holes in their union.
///
/// - `cells`: planar degrees, valid rings as [`super::grid_file::read_grids`] returns them.
#[must_use]
pub fn check_layer(cells: &[GridCell]) -> LayerReport {
    let shapes: Vec<MultiPolygon> = cells.iter().map(|c| oriented(&c.polygons)).collect();
    let (pairs, is_cut_short) = pairs_that_meet(&shapes);
    let overlaps = pairs.into_iter().filter_map(|(a, b)| {
        let shared = shapes[a].intersection(&shapes[b]);
        let (lat_deg, lon_deg, area_m2) = measure(&shared)?;
        Some(Overlap {
            a: cells[a].code.clone(),
            b: cells[b].code.clone(),
            lat_deg,
            lon_deg,
            area_m2,
        })
    });
    LayerReport {
        overlaps: overlaps.collect(),
        gaps: gaps(&shapes.iter().collect::<Vec<_>>()),
        is_cut_short,
    }
}

/// Pairs of shapes whose boxes meet, in order, and whether there were too many of them.
pub(super) fn pairs_that_meet(shapes: &[MultiPolygon]) -> (Vec<(usize, usize)>, bool) {
    let boxes = shapes
        .iter()
        .enumerate()
        .filter_map(|(i, s)| Some((s.bounding_rect()?, i)));
    let mut boxes: Vec<(Rect, usize)> = boxes.collect();
    boxes.sort_by(|a, b| a.0.min().x.total_cmp(&b.0.min().x).then(a.1.cmp(&b.1)));
    let mut pairs = Vec::new();
    let mut open: Vec<(Rect, usize)> = Vec::new();
    for (here, i) in boxes {
        open.retain(|(other, _)| other.max().x > here.min().x);
        for (other, j) in &open {
            if other.max().y > here.min().y && here.max().y > other.min().y {
                if pairs.len() == MOST_PAIRS {
                    pairs.sort_unstable();
                    return (pairs, true);
                }
                pairs.push((i.min(*j), i.max(*j)));
            }
        }
        open.push((here, i));
    }
    pairs.sort_unstable();
    (pairs, false)
}

/// Holes of the union: what its outlines enclose and it does not cover.
pub(super) fn gaps(shapes: &[&MultiPolygon]) -> Vec<Gap> {
    let union = unary_union(shapes.iter().flat_map(|s| &s.0));
    if union.iter().all(|p| p.interiors().is_empty()) {
        return Vec::new();
    }
    let outlines: Vec<Polygon> = union
        .iter()
        .map(|p| Polygon::new(p.exterior().clone(), Vec::new()))
        .collect();
    let holes = unary_union(&outlines).difference(&union);
    let measured = holes
        .into_iter()
        .filter_map(|hole| measure(&MultiPolygon::new(vec![hole])));
    let mut gaps: Vec<Gap> = measured
        .map(|(lat_deg, lon_deg, area_m2)| Gap {
            lat_deg,
            lon_deg,
            area_m2,
        })
        .collect();
    gaps.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
    gaps
}

/// A point inside, as latitude and longitude, and the area; nothing for a sliver.
pub(super) fn measure(shape: &MultiPolygon) -> Option<(f64, f64, f64)> {
    let area_m2: f64 = shape.iter().map(|p| p.geodesic_area_signed().abs()).sum();
    if area_m2 <= SLIVER_M2 {
        return None;
    }
    let inside = shape.interior_point()?;
    Some((inside.y(), inside.x(), area_m2))
}

/// The polygons with outlines that run counter-clockwise and holes that run clockwise: a
/// union leaves out whatever is wound the other way.
pub(super) fn oriented(polygons: &[Polygon]) -> MultiPolygon {
    let turned = |ring: &LineString, is_hole: bool| {
        let mut ring = ring.clone();
        if (signed_area(&ring) < 0.0) != is_hole {
            ring.0.reverse();
        }
        ring
    };
    let each = polygons.iter().map(|polygon| {
        let holes = polygon.interiors().iter().map(|hole| turned(hole, true));
        Polygon::new(turned(polygon.exterior(), false), holes.collect())
    });
    MultiPolygon::new(each.collect())
}

/// Twice the planar area of a ring in square degrees, below zero when it runs clockwise.
pub(super) fn signed_area(ring: &LineString) -> f64 {
    let Some(start) = ring.0.first() else {
        return 0.0;
    };
    // Sides are taken from the first corner: degrees alone would eat the digits.
    let sides = ring.0.windows(2).map(|ends| {
        let (a, b) = (ends[0] - *start, ends[1] - *start);
        a.x * b.y - b.x * a.y
    });
    sides.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::grid_file::{GridFileOptions, read_grids};
    use crate::geo::test_data::shared;
    use geo::Coord;

    /// An axis-parallel rectangle in thousandths of a degree, about 111 m each.
    fn cell(code: &str, west: f64, south: f64, east: f64, north: f64) -> GridCell {
        let rect = Rect::new(
            Coord {
                x: west / 1e3,
                y: south / 1e3,
            },
            Coord {
                x: east / 1e3,
                y: north / 1e3,
            },
        );
        GridCell {
            code: code.to_owned(),
            polygons: vec![rect.to_polygon()],
            terms: Default::default(),
        }
    }

    /// About the square metres of a square of a thousandth of a degree on the equator.
    const UNIT_M2: f64 = 12_309.0;

    #[test]
    fn check_of_adjoining_cells_finds_nothing() {
        let cells = [
            cell("a", 0.0, 0.0, 1.0, 1.0),
            cell("b", 1.0, 0.0, 2.0, 1.0),
            cell("c", 0.0, 1.0, 2.0, 3.0),
        ];
        assert_eq!(check_layer(&cells), LayerReport::default());
        assert_eq!(check_layer(&[]), LayerReport::default());
    }

    #[test]
    fn check_names_the_cells_that_overlap_and_where() {
        let cells = [cell("b", 1.0, 0.0, 3.0, 1.0), cell("a", 0.0, 0.0, 2.0, 1.0)];
        let report = check_layer(&cells);
        assert_eq!(report.overlaps.len(), 1);
        let found = &report.overlaps[0];
        assert_eq!((found.a.as_str(), found.b.as_str()), ("b", "a"));
        assert!((found.area_m2 - UNIT_M2).abs() < 10.0, "{found:?}");
        assert!(
            found.lon_deg > 0.001
                && found.lon_deg < 0.002
                && found.lat_deg > 0.0
                && found.lat_deg < 0.001
        );
        assert!(report.gaps.is_empty());
    }

    #[test]
    fn check_finds_the_gap_around_an_island() {
        // Four bars around a square of 3 × 3, a cell of 1 × 1 in the middle of it.
        let cells = [
            cell("s", 0.0, 0.0, 5.0, 1.0),
            cell("n", 0.0, 4.0, 5.0, 5.0),
            cell("w", 0.0, 1.0, 1.0, 4.0),
            cell("e", 4.0, 1.0, 5.0, 4.0),
            cell("i", 2.0, 2.0, 3.0, 3.0),
        ];
        let report = check_layer(&cells);
        assert!(report.overlaps.is_empty());
        assert_eq!(report.gaps.len(), 1);
        assert!(
            (report.gaps[0].area_m2 - 8.0 * UNIT_M2).abs() < 80.0,
            "{:?}",
            report.gaps
        );
    }

    #[test]
    fn check_takes_cells_of_either_winding_for_the_ground_that_they_are() {
        let mut cells = [
            cell("s", 0.0, 0.0, 3.0, 1.0),
            cell("n", 0.0, 2.0, 3.0, 3.0),
            cell("w", 0.0, 1.0, 1.0, 2.0),
            cell("e", 2.0, 1.0, 3.0, 2.0),
        ];
        let gap = |cells: &[GridCell]| {
            let gaps = check_layer(cells).gaps;
            assert_eq!(gaps.len(), 1);
            gaps[0].area_m2
        };
        let before = gap(&cells);
        for cell in &mut cells {
            cell.polygons[0].exterior_mut(|ring| ring.0.reverse());
        }
        assert!((gap(&cells) - before).abs() < 1e-3);
        // A gap that a cell of the other winding fills is none.
        let mut filling = cell("m", 1.0, 1.0, 2.0, 2.0);
        filling.polygons[0].exterior_mut(|ring| ring.0.reverse());
        cells[0].polygons[0].exterior_mut(|ring| ring.0.reverse());
        let [s, n, w, e] = cells;
        assert_eq!(check_layer(&[s, n, w, e, filling]), LayerReport::default());
    }

    #[test]
    fn check_of_real_blocks_finds_no_overlap() {
        let Some(bytes) = shared("regions/shanghai_center/blocks.geojson") else {
            return;
        };
        let options = GridFileOptions {
            code_property: "grid_id",
            allows_duplicate_codes: false,
        };
        let blocks = read_grids(&bytes, &options).expect("the blocks are valid");
        let report = check_layer(&blocks);
        assert_eq!(report.overlaps, []);
        assert!(
            !report.gaps.is_empty(),
            "blocks under 300 m² were left out of the file"
        );
    }
}
