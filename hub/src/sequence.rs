//! Writing the zone's sequence: positions without gaps, each entry under the hub's signature.

use bading_core::model::identifiers::{DeviceKey, Zone};
use bading_core::model::time::UtcMs;
use bading_core::oplog::certificate::{Certificate, Grant, MAX_VALIDITY_MS};
use bading_core::oplog::entry::{Entry, SignedEntry, Stamp};
use bading_core::oplog::sign::DeviceSigner;
use rusqlite::Connection;

use crate::error::HubError;
use crate::store::{log, people};

/// The end of a zone's sequence, held inside one writing transaction.
pub(crate) struct Sequencer<'t> {
    pub(crate) conn: &'t Connection,
    pub(crate) zone: &'t Zone,
    pub(crate) hub_time: UtcMs,
    key: &'t dyn DeviceSigner,
    head: log::ZoneHead,
}

impl<'t> Sequencer<'t> {
    pub(crate) fn open(
        conn: &'t Connection,
        zone: &'t Zone,
        key: &'t dyn DeviceSigner,
        hub_time: UtcMs,
    ) -> Result<Self, HubError> {
        let head = log::zone_head(conn, zone)?;
        Ok(Self {
            conn,
            zone,
            hub_time,
            key,
            head,
        })
    }

    /// The position that the next entry takes.
    pub(crate) fn next_position(&self) -> u64 {
        self.head.next_position
    }

    /// The life of the zone's log.
    pub(crate) fn epoch(&self) -> u64 {
        self.head.epoch
    }

    /// Signs and appends an entry; `device` for grants and revocations.
    pub(crate) fn stamp(
        &mut self,
        stamp: Stamp,
        device: Option<&DeviceKey>,
    ) -> Result<SignedEntry, HubError> {
        let entry = Entry {
            zone: self.zone.clone(),
            epoch: self.head.epoch,
            position: self.head.next_position,
            hub_time: self.hub_time,
            stamp,
        };
        let signed = SignedEntry::issue(&entry, self.key)?;
        log::add_entry(self.conn, &signed, device)?;
        self.head.next_position += 1;
        Ok(signed)
    }

    /// Issues a certificate for 14 days, puts it in force and in the sequence.
    pub(crate) fn grant(
        &mut self,
        device: &DeviceKey,
        authority: bading_core::model::person::Authority,
        epoch: u64,
    ) -> Result<Certificate, HubError> {
        let person = authority
            .person
            .clone()
            .ok_or(HubError::Damaged("a grant without a person"))?;
        let grant = Grant {
            device: *device,
            authority,
            intake_zone: self.zone.clone(),
            epoch,
            valid_from: self.hub_time,
            valid_to: self.hub_time.plus_ms(MAX_VALIDITY_MS).min(UtcMs::MAX),
        };
        let certificate = Certificate::issue(&grant, self.key)?;
        let hash = certificate.hash();
        people::add_certificate(self.conn, self.zone, &hash, device, &certificate.encode())?;
        people::set_device(self.conn, self.zone, device, &person, &hash, epoch)?;
        self.stamp(Stamp::Grant(hash), Some(device))?;
        Ok(certificate)
    }

    /// Writes the counter, as the last statement of the transaction.
    pub(crate) fn finish(self) -> Result<(), HubError> {
        log::set_next_position(self.conn, self.zone, self.head.next_position)
    }
}
