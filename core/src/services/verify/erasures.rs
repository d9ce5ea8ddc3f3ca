//! Erasures checked again: what is gone was ordered, and what was ordered is gone.

use std::collections::BTreeSet;

use crate::model::identifiers::Hash;
use crate::oplog::commit::Commit;
use crate::oplog::entry::Verdict;
use crate::oplog::judge::Refusal;
use crate::services::ServiceError;
use crate::services::verify::Verification;
use crate::storage::erasure::ErasedThing;
use crate::storage::{Store, StoreError, Tx};

/// What the commits of a store say of erasures, read one after another.
#[derive(Default)]
pub(super) struct ErasureCheck {
    ordered: BTreeSet<ErasedThing>,
    missing: BTreeSet<ErasedThing>,
}

impl ErasureCheck {
    /// Takes a sound commit and the hub's verdict on it, if it has one.
    pub(super) fn take(&mut self, commit: &Commit, verdict: Option<&Verdict>) {
        if verdict == Some(&Verdict::Admitted)
            && let Ok(body) = commit.body()
        {
            for order in body.erasures() {
                self.ordered.extend(ErasedThing::all_of(&order.what));
            }
        }
        // The hub saw that it came without, and said so.
        if !matches!(verdict, Some(Verdict::Refused(why)) if is_about_missing(why)) {
            let target = commit.hash();
            let gone = commit.missing_values();
            self.missing.extend(gone.map(|at| ErasedThing {
                target,
                value: Some(at),
            }));
        }
    }

    /// Compares what the log orders with what is here.
    pub(super) fn compare(
        &self,
        tx: &Tx<'_>,
        report: &mut Verification,
    ) -> Result<(), ServiceError> {
        report.erasures = self.ordered.len();
        for thing in self.missing.difference(&self.ordered) {
            report.fault("value_missing", told(thing));
        }
        let noted: BTreeSet<_> = tx.erased_things()?.into_iter().collect();
        for thing in self.ordered.symmetric_difference(&noted) {
            report.fault("erasure_differs", told(thing));
        }
        for thing in &self.ordered {
            if thing.value.is_some() && !self.missing.contains(thing) && is_here(tx, thing)? {
                report.fault("value_returned", told(thing));
            }
        }
        Ok(())
    }

    /// Looks for the files of photos that were ordered to be gone.
    pub(super) fn compare_photos(
        &self,
        store: &Store,
        report: &mut Verification,
    ) -> Result<(), StoreError> {
        for thing in self.ordered.iter().filter(|thing| thing.value.is_none()) {
            if store.blobs().get(&thing.target)?.is_some() {
                report.fault("photo_returned", thing.target);
            }
        }
        Ok(())
    }
}

/// True when a refusal depends on values, which may have been erased since.
pub(super) fn is_about_values(why: &str, commit: &Commit) -> bool {
    commit.missing_values().next().is_some()
        && (is_about_missing(why) || why == Refusal::Malformed.to_string())
}

fn is_about_missing(why: &str) -> bool {
    why == Refusal::ValueMissing.to_string()
}

fn is_here(tx: &Tx<'_>, thing: &ErasedThing) -> Result<bool, ServiceError> {
    let Some(stored) = tx.find_commit(&thing.target)? else {
        return Ok(false);
    };
    let commit = Commit::decode(&stored.bytes).map_err(super::log::damaged)?;
    let value = thing.value.and_then(|at| commit.values().get(at as usize));
    Ok(matches!(value, Some(Some(_))))
}

fn told(thing: &ErasedThing) -> String {
    let target: &Hash = &thing.target;
    match thing.value {
        Some(at) => format!("{target}: value {at}"),
        None => format!("photo {target}"),
    }
}
