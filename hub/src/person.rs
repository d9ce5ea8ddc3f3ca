//! Everything that the hub holds about one person, for that person to read.

use std::io::{Read as _, Write};

use bading_core::model::identifiers::{Hash, PersonId};
use bading_core::oplog::body::Subject;
use bading_core::oplog::certificate::Certificate;
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::{SignedEntry, Stamp};
use bading_core::oplog::fold::CaseState;
use bading_core::oplog::patrol::PatrolState;
use bading_core::oplog::sign::DeviceSigner as _;
use bading_core::services::person::{PersonSummary, PersonWriter};
use bading_core::services::reference::{PackContent, ROSTER, read_pack};

use crate::Hub;
use crate::admit::Signers;
use crate::error::HubError;
use crate::judgement;
use crate::store::log::{self, Reader};
use crate::store::{blobs, packs};

impl Hub {
    /// Writes everything that this hub holds about a person; the form is the phone's.
    ///
    /// # Errors
    /// The store's failures, and those of `out`.
    pub fn export_person(
        &self,
        person: &PersonId,
        out: &mut dyn Write,
    ) -> Result<PersonSummary, HubError> {
        let hub_key = self.key.key();
        self.store.read(|conn| {
            let mut grants = Vec::new();
            let everything = (0, u64::MAX);
            let zone = &self.zone;
            log::entries_between(conn, zone, everything, &Reader::Everything, |stored| {
                let entry = SignedEntry::decode(&stored.entry, &hub_key)?;
                let is_revoked = match &entry.entry().stamp {
                    Stamp::Grant(_) => false,
                    Stamp::Revocation(_) => true,
                    Stamp::Commit { .. } | Stamp::Pack(_) => return Ok(true),
                };
                let bytes = stored.content.ok_or(HubError::Damaged("a grant"))?;
                grants.push((Certificate::decode(&bytes, &hub_key)?, is_revoked));
                Ok(true)
            })?;
            let mut writer = PersonWriter::begin(person, "hub", self.now(), grants, out)?;
            let mut signers = Signers::default();
            log::entries_between(conn, zone, everything, &Reader::Everything, |stored| {
                let entry = SignedEntry::decode(&stored.entry, &hub_key)?;
                let entry = entry.entry();
                let Stamp::Commit {
                    verdict, number, ..
                } = &entry.stamp
                else {
                    return Ok(true);
                };
                let commit = stored
                    .content
                    .as_deref()
                    .and_then(|bytes| Commit::decode(bytes).ok())
                    .ok_or(HubError::Damaged("commit"))?;
                let device = commit.header().device;
                let signer = signers.at(conn, zone, &hub_key, &device, stored.position)?;
                writer.commit(&judgement::input(
                    commit,
                    (entry.epoch, entry.position),
                    entry.hub_time,
                    verdict.clone(),
                    number.clone(),
                    signer.authority,
                ))?;
                Ok(true)
            })?;
            writer.begin_cases()?;
            for case_id in writer.cases() {
                let inputs = self.inputs_about(conn, &mut signers, &Subject::case(case_id))?;
                writer.case(&CaseState::fold(case_id, &inputs))?;
            }
            writer.begin_patrols()?;
            for patrol_id in writer.patrols() {
                let inputs = self.inputs_about(conn, &mut signers, &Subject::patrol(patrol_id))?;
                writer.patrol(&PatrolState::fold(patrol_id, &inputs))?;
            }
            let mut roster = None;
            for row in packs::list_active(conn, zone)? {
                if row.kind == ROSTER {
                    let content = read_pack(ROSTER, &self.read_file(&row.hash)?);
                    match content.map_err(|_| HubError::Damaged("the roster in force"))? {
                        PackContent::Roster(found) => roster = Some(found),
                        _ => return Err(HubError::Damaged("the roster in force")),
                    }
                }
            }
            let shifts = roster.as_ref().map_or(&[][..], |roster| roster.shifts());
            writer.roster(shifts, &[])?;
            // What cannot be asked now is not here.
            let is_here = |hash: &Hash| matches!(blobs::find_size(conn, hash), Ok(Some(_)));
            Ok(writer.finish(is_here)?)
        })
    }

    /// The bytes of a photo, for the operator of this hub; nothing when it is not here.
    ///
    /// # Errors
    /// The store's failures.
    pub fn photo(&self, hash: &Hash) -> Result<Option<Vec<u8>>, HubError> {
        if self
            .store
            .read(|conn| blobs::find_size(conn, hash))?
            .is_none()
        {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.folder.open(hash)?.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}
