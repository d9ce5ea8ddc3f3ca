//! What only the whole bundle tells: unbroken streams, one thing at each position, and that
//! whatever is named is here or said not to be.

use std::collections::HashSet;

use super::Check;
use crate::model::identifiers::Zone;
use crate::model::time::UtcMs;
use crate::oplog::evidence::AbsentPart;
use crate::oplog::hlc::CLOCK_LEAD_MS;
use crate::services::evidence::finding::Finding;

impl Check {
    /// Checks what needs all of it.
    pub(super) fn check_whole(&mut self) {
        self.check_streams();
        self.check_sequence();
        self.check_presence();
    }

    fn check_streams(&mut self) {
        let streams = std::mem::take(&mut self.streams);
        for (finding, is_problem) in streams.check(&self.absent) {
            if is_problem {
                self.problem(finding);
            } else {
                self.notice(finding);
            }
        }
        self.report.streams = streams.tell(&self.commits);
    }

    /// One thing at each position, and the hub's time never running backwards by more than a
    /// machine's clock is corrected.
    fn check_sequence(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable();
        let mut latest: Option<(&Zone, UtcMs)> = None;
        for (index, (zone, epoch, position, hub_time, subject)) in entries.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|index| entries.get(index));
            if before.is_some_and(|other| {
                (&other.0, other.1, other.2) == (zone, *epoch, *position) && other.4 != *subject
            }) {
                self.problem(
                    Finding::new("position_twice")
                        .on("zone", zone)
                        .on("epoch", epoch)
                        .on("position", position),
                );
            }
            match latest {
                Some((of, at)) if of == zone && at > *hub_time => {
                    let finding = Finding::new("hub_time_back")
                        .on("zone", zone)
                        .on("position", position)
                        .on("time", hub_time.to_rfc3339())
                        .on("before", at.to_rfc3339());
                    if at.0 - hub_time.0 > CLOCK_LEAD_MS {
                        self.problem(finding);
                    } else {
                        self.notice(finding);
                    }
                }
                _ => latest = Some((zone, *hub_time)),
            }
        }
    }

    /// What is named is here, or the bundle says that it is not.
    fn check_presence(&mut self) {
        let absent: HashSet<&AbsentPart> = self.absent.iter().collect();
        let mut found = Vec::new();
        for (seen, by) in &self.seen {
            if self.commits.contains(seen) {
                continue;
            }
            let is_said = absent.contains(&AbsentPart::Commit(*seen));
            let code = if is_said {
                "commit_not_here"
            } else {
                "commit_missing"
            };
            let finding = Finding::new(code).on("commit", seen).on("by", by);
            found.push((finding, !is_said));
        }
        for (photo, named) in &self.named {
            if self.photos.contains(photo) {
                continue;
            }
            let is_damaged = absent.contains(&AbsentPart::DamagedPhoto(*photo));
            let is_said =
                is_damaged || !self.has_photos || absent.contains(&AbsentPart::Photo(*photo));
            let code = match (is_said, is_damaged, self.has_photos) {
                (false, ..) => "photo_missing",
                (true, true, _) => "photo_was_damaged",
                (true, false, true) => "photo_not_here",
                (true, false, false) => continue,
            };
            // A photo that is there and changed is named already.
            let is_named_already = self.report.problems.iter().any(|problem| {
                problem.code.starts_with("photo_")
                    && problem.about.iter().any(|(_, id)| *id == photo.to_string())
            });
            if is_named_already {
                continue;
            }
            let case = named.case.map_or("—".to_owned(), |case| case.to_string());
            let finding = Finding::new(code)
                .on("photo", photo)
                .on("case", case)
                .on("commit", named.commit);
            found.push((finding, !is_said));
        }
        if !self.has_photos && !self.named.is_empty() {
            let count = self.named.len();
            found.push((Finding::new("photos_left_out").on("count", count), false));
        }
        for (finding, is_problem) in found {
            if is_problem {
                self.problem(finding);
            } else {
                self.notice(finding);
            }
        }
    }
}
