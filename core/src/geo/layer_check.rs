//! Whether the cells of a layer fill their parent, once each: overlaps, gaps, duplicate codes.
//!
//! DOMAIN, fix one: cells of one version neither overlap nor leave gaps inside their parent.
//! *Of one version* is of one time: cells that are never in force together are not compared,
//! and a layer whose cells have dates is looked at as of each of them. What is smaller than
//! [`super::check::SLIVER_M2`] is rounding of shared borders and no finding.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use thiserror::Error;

use geo::{BooleanOps, BoundingRect, MultiPolygon, Rect, unary_union};

use super::check::{gaps, measure, oriented, pairs_that_meet};
use super::finding::{Finding, FindingKind};
use super::layer_file::{LayerCell, LayerFile};
use crate::model::time::UtcMs;

/// The most dates of a layer as of which gaps are looked for, the latest first: each costs
/// a union of all cells.
const MOST_EPOCHS: usize = 12;

/// What a check of a layer found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LayerFindings {
    /// What the reader found, then duplicates, overlaps, gaps and what lies outside.
    pub findings: Vec<Finding>,
    /// Whether a limit was met and not everything was compared.
    pub is_cut_short: bool,
}

/// Why a layer is not taken: the first finding, and how many others there are.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{first}{}", Others(*.others_count))]
pub struct LayerRefusal {
    /// The first finding that refuses the layer.
    pub first: Box<Finding>,
    /// How many more refuse it.
    pub others_count: usize,
    /// True when an operator may accept all of them.
    pub is_acceptable: bool,
}

struct Others(usize);

impl fmt::Display for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            count => write!(f, " (and {count} more)"),
        }
    }
}

impl LayerFindings {
    /// The findings for which the layer is refused.
    pub fn refusing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.kind.refuses())
    }

    /// Says whether the layer may be taken.
    ///
    /// - `accepts`: whether the operator accepts what may be accepted.
    ///
    /// # Errors
    /// [`LayerRefusal`] with the first finding in the way; one that is never accepted first.
    pub fn judge(&self, accepts: bool) -> Result<(), LayerRefusal> {
        let never = |f: &&Finding| !f.kind.is_acceptable();
        let first = self.refusing().find(never);
        let is_acceptable = first.is_none();
        if accepts && is_acceptable {
            return Ok(());
        }
        match first.or_else(|| self.refusing().next()) {
            None => Ok(()),
            Some(first) => Err(LayerRefusal {
                first: Box::new(first.clone()),
                others_count: self.refusing().count() - 1,
                is_acceptable,
            }),
        }
    }
}

/// Checks a layer that was read.
///
/// - `within`: the declared parent, WGS 84; without it the parent that the file declares.
#[must_use]
pub fn check_cells(layer: &LayerFile, within: Option<&MultiPolygon<f64>>) -> LayerFindings {
    let mut report = LayerFindings {
        findings: layer.findings.clone(),
        is_cut_short: false,
    };
    let shapes: Vec<MultiPolygon> = layer
        .cells
        .iter()
        .map(|c| oriented(&c.cell.polygons))
        .collect();
    duplicates(&layer.cells, &mut report.findings);
    overlaps(&layer.cells, &shapes, &mut report);
    let parent = within.or(layer.parent.as_ref()).map(|p| oriented(&p.0));
    let mut seen: Vec<Finding> = Vec::new();
    for epoch in epochs(&layer.cells, &mut report.is_cut_short) {
        let here: Vec<usize> = (0..shapes.len())
            .filter(|i| holds(&layer.cells[*i], epoch))
            .collect();
        // Before the first cell begins and after the last one ends there is no layer.
        if here.is_empty() && !layer.cells.is_empty() {
            continue;
        }
        let found = match &parent {
            Some(parent) => against_parent(parent, &layer.cells, &shapes, &here),
            None => enclosed(&shapes, &here),
        };
        for finding in found {
            // What was so before another date, too, is one finding.
            if !seen.contains(&finding) {
                seen.push(finding);
            }
        }
    }
    report.findings.extend(seen);
    report
}

fn holds(cell: &LayerCell, epoch: Option<UtcMs>) -> bool {
    let validity = &cell.cell.terms.validity;
    match epoch {
        Some(at) => validity.holds_at(at),
        None => validity.from.is_none(),
    }
}

/// The instants at which the layer becomes another one, the latest [`MOST_EPOCHS`] of them;
/// nothing is the beginning of time, from which on undated cells are in force.
fn epochs(cells: &[LayerCell], is_cut_short: &mut bool) -> Vec<Option<UtcMs>> {
    let mut epochs: BTreeSet<Option<UtcMs>> = BTreeSet::new();
    for cell in cells {
        let validity = &cell.cell.terms.validity;
        epochs.insert(validity.from);
        epochs.extend(validity.to.map(Some));
    }
    if cells.is_empty() {
        epochs.insert(None);
    }
    *is_cut_short |= epochs.len() > MOST_EPOCHS;
    let skipped = epochs.len().saturating_sub(MOST_EPOCHS);
    epochs.into_iter().skip(skipped).collect()
}

fn duplicates(cells: &[LayerCell], findings: &mut Vec<Finding>) {
    let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, LayerCell { feature, cell }) in cells.iter().enumerate() {
        let same = known.entry(&cell.code).or_default();
        let first = same.iter().find(|j| {
            let other = &cells[**j].cell.terms.validity;
            other.meets(&cell.terms.validity)
        });
        if let Some(first) = first {
            findings.push(Finding {
                kind: FindingKind::DuplicateCode,
                codes: vec![cell.code.clone()],
                features: vec![*feature],
                field: None,
                at: cell
                    .polygons
                    .first()
                    .and_then(|p| p.exterior().0.first())
                    .map(|corner| (corner.y, corner.x)),
                area_m2: None,
                why: format!(
                    "the code stands in feature {} already; each cell has its own",
                    cells[*first].feature
                ),
            });
        }
        same.push(i);
    }
}

fn overlaps(cells: &[LayerCell], shapes: &[MultiPolygon], report: &mut LayerFindings) {
    let (pairs, is_cut_short) = pairs_that_meet(shapes);
    report.is_cut_short |= is_cut_short;
    for (i, j) in pairs {
        let (a, b) = (&cells[i], &cells[j]);
        // A code that stands twice is told as that.
        if a.cell.code == b.cell.code || !a.cell.terms.validity.meets(&b.cell.terms.validity) {
            continue;
        }
        let shared = shapes[i].intersection(&shapes[j]);
        if let Some((lat, lon, area_m2)) = measure(&shared) {
            report.findings.push(Finding {
                kind: FindingKind::Overlap,
                codes: vec![a.cell.code.clone(), b.cell.code.clone()],
                features: vec![a.feature, b.feature],
                field: None,
                at: Some((lat, lon)),
                area_m2: Some(area_m2),
                why: "they share ground; cells of one time do not overlap".to_owned(),
            });
        }
    }
}

fn bare(kind: FindingKind, (lat, lon, area_m2): (f64, f64, f64), why: &str) -> Finding {
    Finding {
        kind,
        codes: Vec::new(),
        features: Vec::new(),
        field: None,
        at: Some((lat, lon)),
        area_m2: Some(area_m2),
        why: why.to_owned(),
    }
}

fn enclosed(shapes: &[MultiPolygon], here: &[usize]) -> Vec<Finding> {
    let shapes: Vec<&MultiPolygon> = here.iter().map(|i| &shapes[*i]).collect();
    let why = "no cell covers ground that cells enclose";
    let gaps = gaps(&shapes).into_iter();
    gaps.map(|gap| {
        bare(
            FindingKind::Gap,
            (gap.lat_deg, gap.lon_deg, gap.area_m2),
            why,
        )
    })
    .collect()
}

/// What of the parent is not covered, the largest first, and what cells lie beyond it.
fn against_parent(
    parent: &MultiPolygon,
    cells: &[LayerCell],
    shapes: &[MultiPolygon],
    here: &[usize],
) -> Vec<Finding> {
    let union = unary_union(here.iter().flat_map(|i| &shapes[*i].0));
    let pieces = |shape: MultiPolygon| -> Vec<(MultiPolygon, (f64, f64, f64))> {
        let pieces = shape.into_iter().map(|p| MultiPolygon::new(vec![p]));
        pieces.filter_map(|p| measure(&p).map(|m| (p, m))).collect()
    };
    let mut findings: Vec<Finding> = pieces(parent.difference(&union))
        .into_iter()
        .map(|(_, measured)| {
            let why = "no cell covers this ground of the parent; cells fill their parent";
            bare(FindingKind::GapInParent, measured, why)
        })
        .collect();
    findings.sort_by(|a, b| {
        b.area_m2
            .unwrap_or(0.0)
            .total_cmp(&a.area_m2.unwrap_or(0.0))
    });
    let beyond = pieces(union.difference(parent));
    if beyond.is_empty() {
        return findings;
    }
    let beyond: Vec<(Rect, MultiPolygon)> = beyond
        .into_iter()
        .filter_map(|(piece, _)| Some((piece.bounding_rect()?, piece)))
        .collect();
    for i in here {
        let Some(bounds) = shapes[*i].bounding_rect() else {
            continue;
        };
        let meets = |other: &Rect| {
            other.max().x > bounds.min().x
                && bounds.max().x > other.min().x
                && other.max().y > bounds.min().y
                && bounds.max().y > other.min().y
        };
        if !beyond.iter().any(|(rect, _)| meets(rect)) {
            continue;
        }
        if let Some((lat, lon, area_m2)) = measure(&shapes[*i].difference(parent)) {
            findings.push(Finding {
                kind: FindingKind::OutsideParent,
                codes: vec![cells[*i].cell.code.clone()],
                features: vec![cells[*i].feature],
                field: None,
                at: Some((lat, lon)),
                area_m2: Some(area_m2),
                why: "the cell reaches outside the parent".to_owned(),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests;
