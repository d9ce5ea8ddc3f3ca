//! Erasure: an administrator orders what is personal to be gone, the hub sequences the order,
//! and every store drops nonce and value, or a photo's bytes, for good.
//!
//! An order is sealed like any other act and does nothing by itself: only the hub's *admitted*
//! makes it one ([`take_orders`]). What it names may be here, or arrive later, or never. The
//! files are cleaned at the end of the session ([`finish`]), and again until that succeeded.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::case::{CaseId, Field};
use crate::model::identifiers::{DeviceKey, Hash, PersonId, ReasonKey, Zone};
use crate::oplog::body::{Body, BodyBuilder, Content, Kind, Subject, ValueRef};
use crate::oplog::certificate::Certificate;
use crate::oplog::commit::Commit;
use crate::oplog::entry::Verdict;
use crate::oplog::erasure::{EraseOrder, Erasure};
use crate::oplog::judge::may_erase;
use crate::services::capture::THUMBNAILS_PX;
use crate::services::log::{self, append, heads_about, own_authority, zone_for, zone_of_patrol};
use crate::services::{Context, ServiceError};
use crate::storage::erasure::ErasedThing;
use crate::storage::reference::Setting;
use crate::storage::{StoreError, Tx};

/// Orders of one commit: with all their values they stay below what a structure may have.
const ORDERS_AT_ONCE: usize = 64;

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToErase {
    /// What was ever said of a field of a case.
    Field {
        /// The case.
        case: CaseId,
        /// The note or the place.
        field: Field,
    },
    /// A photo, in every case that has it.
    Photo(Hash),
    /// Everything personal that a person's devices signed or that was decided about them.
    Person {
        /// The person.
        person: PersonId,
        /// The photos that these devices added too.
        with_photos: bool,
    },
}

/// What was ordered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Erasing {
    /// The commits that hold the orders; the hub has them after the next session.
    pub commits: Vec<String>,
    /// How many values they name.
    pub values: usize,
    /// How many photos they name.
    pub photos: usize,
}

/// Orders, by the zone and the subject that they are filed under.
#[derive(Default)]
struct Orders(BTreeMap<(Zone, Subject), BTreeSet<Ordered>>);

/// One order before it has its reason.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Ordered {
    Values(Hash, Vec<u32>),
    Photo(Hash),
}

/// Orders an erasure. It holds, here and everywhere, once the hub has admitted it; what was
/// ordered before is not ordered again.
///
/// # Errors
/// [`ServiceError::Refused`] when this device's rights do not allow it,
/// [`ServiceError::NoSuchCase`], [`ServiceError::NoSuchPhoto`]; nothing is ordered then.
pub fn erase(
    context: &Context<'_>,
    what: &ToErase,
    reason: &ReasonKey,
) -> Result<Erasing, ServiceError> {
    context.store.write(|tx| {
        may_erase(&own_authority(tx)?).map_err(ServiceError::Refused)?;
        let orders = match what {
            ToErase::Field { case, field } => of_field(tx, *case, *field)?,
            ToErase::Photo(photo) => of_photo(tx, photo)?,
            ToErase::Person {
                person,
                with_photos,
            } => of_person(tx, person, *with_photos)?,
        };
        seal(tx, context, orders, reason)
    })
}

fn seal(
    tx: &Tx<'_>,
    context: &Context<'_>,
    orders: Orders,
    reason: &ReasonKey,
) -> Result<Erasing, ServiceError> {
    let mut erasing = Erasing::default();
    for ((zone, subject), ordered) in orders.0 {
        let ordered: Vec<_> = ordered.into_iter().collect();
        for some in ordered.chunks(ORDERS_AT_ONCE) {
            let mut body = BodyBuilder::new();
            for one in some {
                let what = match one {
                    Ordered::Values(commit, values) => {
                        erasing.values += values.len();
                        Erasure::Values {
                            commit: *commit,
                            values: values.clone(),
                        }
                    }
                    Ordered::Photo(photo) => Erasure::Photo(*photo),
                };
                let reason = reason.clone();
                body.push(subject, Kind::Erase(EraseOrder { what, reason }));
            }
            let basis = heads_about(tx, &subject)?;
            let commit = append(tx, context, &zone, &body.finish(), basis)?;
            erasing.commits.push(commit.hash().to_string());
        }
        erasing.photos += ordered
            .iter()
            .filter(|one| matches!(one, Ordered::Photo(_)))
            .count();
    }
    Ok(erasing)
}

impl Orders {
    /// Orders values of a commit that are there and were not ordered yet.
    fn values(
        &mut self,
        tx: &Tx<'_>,
        commit: &Commit,
        subject: Subject,
        wanted: impl IntoIterator<Item = u32>,
    ) -> Result<(), StoreError> {
        let is_there = |at: &u32| matches!(commit.values().get(*at as usize), Some(Some(_)));
        let values: BTreeSet<u32> = wanted.into_iter().filter(is_there).collect();
        if !values.is_empty() {
            let ordered = Ordered::Values(commit.hash(), values.into_iter().collect());
            self.file(tx, subject, ordered)?;
        }
        Ok(())
    }

    fn photo(&mut self, tx: &Tx<'_>, subject: Subject, photo: Hash) -> Result<(), StoreError> {
        if !tx.is_photo_erased(&photo)? {
            self.file(tx, subject, Ordered::Photo(photo))?;
        }
        Ok(())
    }

    fn file(&mut self, tx: &Tx<'_>, subject: Subject, ordered: Ordered) -> Result<(), StoreError> {
        let zone = match (subject.as_case(), subject.as_patrol()) {
            (_, Some(patrol_id)) => zone_of_patrol(tx, patrol_id)?,
            (case_id, None) => zone_for(tx, case_id)?,
        };
        self.0.entry((zone, subject)).or_default().insert(ordered);
        Ok(())
    }
}

fn of_field(tx: &Tx<'_>, case_id: CaseId, field: Field) -> Result<Orders, ServiceError> {
    tx.find_case(case_id)?
        .ok_or(ServiceError::NoSuchCase(case_id))?;
    let subject = Subject::case(case_id);
    let mut orders = Orders::default();
    for stored in tx.commits_about(&subject)? {
        let commit = Commit::decode(&stored.bytes).map_err(log::damaged)?;
        let Ok(body) = commit.body() else { continue };
        let said = body
            .operations
            .iter()
            .filter(|operation| operation.subject == subject)
            .filter_map(|operation| value_of_field(&operation.kind, field));
        orders.values(tx, &commit, subject, said.map(|at| at.0))?;
    }
    Ok(orders)
}

fn value_of_field(kind: &Kind, wanted: Field) -> Option<ValueRef> {
    match kind {
        Kind::Open { note, place, .. } => match wanted {
            Field::Note => *note,
            Field::Place => *place,
            Field::Class | Field::Grid => None,
        },
        Kind::Set {
            field,
            content: Content::Value(at),
            ..
        } if *field == wanted => Some(*at),
        // Hints tell distances from the place.
        Kind::Attest(attest) if wanted == Field::Place => attest.hints,
        _ => None,
    }
}

fn of_photo(tx: &Tx<'_>, photo: &Hash) -> Result<Orders, ServiceError> {
    let mut orders = Orders::default();
    let mut is_known = false;
    for stored in tx.commits_naming(photo)? {
        let commit = Commit::decode(&stored.bytes).map_err(log::damaged)?;
        for (subject, added) in photos_in(&commit) {
            if added == *photo {
                is_known = true;
                orders.photo(tx, subject, added)?;
            }
        }
    }
    if !is_known {
        return Err(ServiceError::NoSuchPhoto(*photo));
    }
    Ok(orders)
}

fn of_person(tx: &Tx<'_>, person: &PersonId, with_photos: bool) -> Result<Orders, ServiceError> {
    let about = Subject::verdicts_of(person);
    let mut found = tx.commits_about(&about)?;
    for device in devices_of(tx, person)? {
        found.extend(tx.commits_of(&device)?);
    }
    let mut orders = Orders::default();
    for stored in found {
        let commit = Commit::decode(&stored.bytes).map_err(log::damaged)?;
        let subjects = commit.body().map(|body| body.subjects());
        // What this version cannot read is personal all the same.
        let subject = subjects.ok().and_then(|subjects| subjects.first().copied());
        let places = 0..u32::try_from(commit.values().len()).unwrap_or(0);
        orders.values(tx, &commit, subject.unwrap_or(about), places)?;
        if with_photos {
            for (subject, photo) in photos_in(&commit) {
                orders.photo(tx, subject, photo)?;
            }
        }
    }
    Ok(orders)
}

fn photos_in(commit: &Commit) -> Vec<(Subject, Hash)> {
    let operations = commit.body().map(|body| body.operations);
    operations
        .into_iter()
        .flatten()
        .filter_map(|operation| match operation.kind {
            Kind::AddPhoto(photo) => Some((operation.subject, photo.hash)),
            _ => None,
        })
        .collect()
}

/// The devices that were ever granted to a person, as far as the grants here say.
fn devices_of(tx: &Tx<'_>, person: &PersonId) -> Result<BTreeSet<DeviceKey>, StoreError> {
    let Some(hub) = log::hub_key(tx)? else {
        return Ok(BTreeSet::new());
    };
    let mut devices = BTreeSet::new();
    for (device, grant) in tx.all_grants()? {
        let certificate = Certificate::decode(&grant.certificate, &hub).map_err(log::damaged)?;
        if certificate.grant().authority.person.as_ref() == Some(person) {
            devices.insert(device);
        }
    }
    Ok(devices)
}

/// Takes the orders of a commit that the hub has just stamped: what they name is gone from
/// the rows here, and never comes in again. Answers what else they are about, to be folded
/// again; the caller folds the commit's own subjects.
///
/// # Errors
/// [`StoreError`].
pub fn take_orders(
    tx: &Tx<'_>,
    commit: &Commit,
    verdict: &Verdict,
) -> Result<Vec<Subject>, StoreError> {
    let (Verdict::Admitted, Ok(body)) = (verdict, commit.body()) else {
        return Ok(Vec::new());
    };
    let mut touched = Vec::new();
    for order in body.erasures() {
        for thing in ErasedThing::all_of(&order.what) {
            tx.note_erasure(&thing, &commit.hash())?;
        }
        match &order.what {
            Erasure::Values { commit, .. } => {
                let stripped = tx.strip_commit(commit)?;
                let body = stripped.and_then(|commit| commit.body().ok());
                touched.extend(body.as_ref().map(Body::subjects).unwrap_or_default());
            }
            Erasure::Photo(photo) => {
                tx.drop_blob(photo)?;
                tx.forget_photo_marks(photo)?;
            }
        }
        tx.set_setting(Setting::ErasurePending, &[1])?;
    }
    Ok(touched)
}

/// Cleans the files of what was erased, where that is still to be done. A store that is busy
/// or full stays marked, and the next session tries again.
///
/// # Errors
/// [`StoreError`].
pub fn finish(context: &Context<'_>) -> Result<(), StoreError> {
    let store = context.store;
    let photos = store.read(|tx| -> Result<_, StoreError> {
        if tx.setting(Setting::ErasurePending)?.is_none() {
            return Ok(None);
        }
        tx.erased_things().map(Some)
    })?;
    let Some(things) = photos else { return Ok(()) };
    for thing in things.iter().filter(|thing| thing.value.is_none()) {
        store.blobs().erase(&thing.target, &THUMBNAILS_PX)?;
    }
    match store.scrub() {
        Err(StoreError::Busy | StoreError::Full) => Ok(()),
        Err(error) => Err(error),
        Ok(()) => store.write(|tx| tx.clear_setting(Setting::ErasurePending)),
    }
}
