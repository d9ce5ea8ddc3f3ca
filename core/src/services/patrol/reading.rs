//! A track as it is read, piece by piece: what it covers and how far it leads.

use crate::geo::coverage::{Coverage, CoverageRun, CoverageSettings};
use crate::geo::route_line::RouteLine;
use crate::geo::walk::Walk;
use crate::model::patrol::Mark;
use crate::model::route::PlannedRoute;
use crate::oplog::patrol::Piece;

use super::InterruptionView;

/// A track as it is read: what it covers and how far it leads.
pub struct Reading {
    route: Option<(RouteLine, CoverageRun)>,
    pub(super) walk: Walk,
    pub(super) fixes: u64,
    interruptions: Vec<Mark>,
    pub(super) missing_parts: u64,
}

impl Reading {
    /// Nothing read yet.
    #[must_use]
    pub fn new(route: Option<&PlannedRoute>, settings: CoverageSettings) -> Self {
        Self {
            route: route.map(|planned| {
                (
                    RouteLine::new(&planned.route),
                    CoverageRun::new(&planned.route, settings),
                )
            }),
            walk: Walk::new(settings.mode, settings.max_accuracy_m, settings.gap_ms),
            fixes: 0,
            interruptions: Vec::new(),
            missing_parts: 0,
        }
    }

    /// Takes the next piece of a track.
    pub fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Fix(fix) => {
                self.fixes += 1;
                self.walk.feed(fix);
                if let Some((line, run)) = &mut self.route {
                    run.feed(line, fix);
                }
            }
            Piece::Mark(mark) => {
                self.interruptions.push(mark);
                self.interrupt();
            }
            Piece::Missing => {
                self.missing_parts += 1;
                self.interrupt();
            }
        }
    }

    fn interrupt(&mut self) {
        self.walk.interrupt();
        if let Some((line, run)) = &mut self.route {
            run.interrupt(line);
        }
    }

    /// The track has ended: what waited is decided.
    pub fn finish(&mut self) {
        self.walk.finish();
        if let Some((line, run)) = &mut self.route {
            run.finish(line);
        }
    }

    /// What was covered so far; nothing without a route.
    #[must_use]
    pub fn coverage(&self) -> Option<Coverage> {
        self.route.as_ref().map(|(line, run)| run.picture(line))
    }

    /// The believed fixes and the metres between them.
    #[must_use]
    pub fn walk(&self) -> &Walk {
        &self.walk
    }

    pub(super) fn interruptions(&self) -> Vec<InterruptionView> {
        let view = |mark: &Mark| InterruptionView {
            at: mark.at.to_rfc3339(),
            why: mark.why.as_str(),
        };
        self.interruptions.iter().map(view).collect()
    }
}
