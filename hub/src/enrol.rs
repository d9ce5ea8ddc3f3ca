//! Enrolment: a device and a person come together by a one-use code, and part again by a
//! revocation.

use bading_core::model::grid::{GridCode, GridScope};
use bading_core::model::identifiers::{DepartmentId, DeviceKey, PersonId};
use bading_core::model::person::{Authority, Role};
use bading_core::model::time::UtcMs;
use bading_core::oplog::certificate::Certificate;
use bading_core::oplog::entry::{SignedEntry, Stamp};
use bading_core::oplog::sign::{self, DeviceSigner as _, Purpose, Signature, hash_of};
use bading_core::sync::wire::enrolment_bytes;
use rusqlite::Connection;

use crate::Hub;
use crate::code::OneUseCode;
use crate::error::HubError;
use crate::folder::random;
use crate::sequence::Sequencer;
use crate::store::people::{self, CodeRow, DeviceRow};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// How long a code holds when nothing else is asked for, in days.
pub const DEFAULT_CODE_DAYS: u32 = 7;
/// The longest that a code may hold, in days.
pub const MAX_CODE_DAYS: u32 = 90;
/// The most beginnings of grid codes of one grant.
const MAX_GRIDS: usize = 256;

/// What a one-use code will grant.
#[derive(Debug, Clone)]
pub struct CodeSpec {
    /// The role.
    pub role: Role,
    /// The person; without one the device keeps the person that it has, or gets a new one.
    pub person: Option<PersonId>,
    /// The cells that the role is for; none for all.
    pub grids: GridScope,
    /// A handler's department.
    pub department: Option<DepartmentId>,
    /// How long the code holds, 1 to [`MAX_CODE_DAYS`]; [`DEFAULT_CODE_DAYS`] without.
    pub valid_days: Option<u32>,
}

impl CodeSpec {
    /// A code for a role, for all cells, holding for the default time.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Self {
            role,
            person: None,
            grids: GridScope::default(),
            department: None,
            valid_days: None,
        }
    }
}

/// A one-use code, told once and stored only as a hash.
#[derive(Debug, Clone)]
pub struct CreatedCode {
    /// The text, in groups.
    pub code: String,
    /// When it ceases to hold.
    pub expires: UtcMs,
}

/// A device as the hub knows it.
#[derive(Debug, Clone)]
pub struct DeviceInfo {
    /// The device.
    pub device: DeviceKey,
    /// What it may do.
    pub authority: Authority,
    /// Counts its grants.
    pub epoch: u64,
    /// The end of its certificate.
    pub valid_to: UtcMs,
    /// True when it was revoked.
    pub is_revoked: bool,
}

/// A person as the hub knows them.
#[derive(Debug, Clone)]
pub struct PersonInfo {
    /// The personnel number.
    pub person: PersonId,
    /// Their devices, revoked ones included.
    pub devices: Vec<DeviceInfo>,
}

impl Hub {
    /// Makes a one-use code.
    ///
    /// # Errors
    /// [`HubError::Input`] for a validity or a number of cells out of range.
    pub fn create_code(&self, spec: &CodeSpec) -> Result<CreatedCode, HubError> {
        let days = spec.valid_days.unwrap_or(DEFAULT_CODE_DAYS);
        if !(1..=MAX_CODE_DAYS).contains(&days) {
            return Err(HubError::Input("valid_days must be 1 to 90"));
        }
        let grids = &spec.grids.0;
        if grids.len() > MAX_GRIDS {
            return Err(HubError::Input("grids: at most 256 beginnings of codes"));
        }
        let code = OneUseCode::new(random()?);
        let expires = self.clock.now().plus_ms(u64::from(days) * DAY_MS);
        let grids: Vec<_> = grids.iter().map(GridCode::as_str).collect();
        let row = CodeRow {
            role: spec.role.code().into(),
            person: spec.person.as_ref().map(|p| p.as_str().to_owned()),
            grids: grids.join(" "),
            department: spec.department.as_ref().map(|d| d.as_str().to_owned()),
            expires,
            used: None,
        };
        let now = self.clock.now();
        self.store.write(|conn| {
            // Somebody for whom there is a code is known: a roster may name them.
            if let Some(person) = &spec.person {
                people::add_person(conn, person, now)?;
            }
            people::add_code(conn, &code.hash(), &row)
        })?;
        Ok(CreatedCode {
            code: code.print(),
            expires,
        })
    }

    /// Enrols a device by a code. The same device may ask again with the same code, as after
    /// a lost answer, and gets the same certificate.
    ///
    /// - `code`: as it was typed; the signature is over exactly this text.
    /// - `signature`: under [`Purpose::Enrolment`] over BLAKE3 of [`enrolment_bytes`].
    ///
    /// # Errors
    /// [`HubError::BadSignature`], [`HubError::CodeInvalid`], and [`HubError::Revoked`] for
    /// a key that was revoked: such a device enrols with a new key.
    pub fn enrol(
        &self,
        code: &str,
        device: &DeviceKey,
        signature: &Signature,
    ) -> Result<Certificate, HubError> {
        let signed = hash_of(&enrolment_bytes(code, &device.bytes));
        sign::verify(device, Purpose::Enrolment, &signed, signature)
            .map_err(|_| HubError::BadSignature)?;
        let code = OneUseCode::parse(code).ok_or(HubError::CodeInvalid)?.hash();
        let now = self.clock.now();
        self.store.write(|conn| {
            let row = people::find_code(conn, &code)?.ok_or(HubError::CodeInvalid)?;
            if let Some((user, certificate)) = &row.used {
                if user != device {
                    return Err(HubError::CodeInvalid);
                }
                let bytes = people::find_certificate(conn, &self.zone, certificate)?
                    .ok_or(HubError::Damaged("a used code's certificate"))?;
                return Ok(Certificate::decode(&bytes, &self.key.key())?);
            }
            if row.expires <= now {
                return Err(HubError::CodeInvalid);
            }
            let known = people::find_device(conn, device)?;
            if known.as_ref().is_some_and(|known| known.is_revoked) {
                return Err(HubError::Revoked);
            }
            let person = match (&row.person, &known) {
                (Some(named), _) => {
                    PersonId::parse(named).map_err(|_| HubError::Damaged("a code's person"))?
                }
                (None, Some(known)) => known.person.clone(),
                (None, None) => new_person()?,
            };
            people::add_person(conn, &person, now)?;
            let epoch = known.map_or(1, |known| known.epoch + 1);
            let mut sequencer = Sequencer::open(conn, &self.zone, &self.key, now)?;
            let certificate = sequencer.grant(device, authority_of(&row, person)?, epoch)?;
            sequencer.finish()?;
            people::use_code(conn, &code, device, &certificate.hash())?;
            Ok(certificate)
        })
    }

    /// The devices, by person.
    ///
    /// # Errors
    /// The store's failures.
    pub fn list_devices(&self) -> Result<Vec<DeviceInfo>, HubError> {
        self.store.read(|conn| {
            let rows = people::list_devices(conn)?;
            rows.iter().map(|row| self.device_info(row)).collect()
        })
    }

    /// The people, by personnel number, with their devices.
    ///
    /// # Errors
    /// The store's failures.
    pub fn list_people(&self) -> Result<Vec<PersonInfo>, HubError> {
        self.store.read(|conn| {
            let mut people: Vec<_> = people::list_people(conn)?
                .into_iter()
                .map(|person| PersonInfo {
                    person,
                    devices: Vec::new(),
                })
                .collect();
            for row in people::list_devices(conn)? {
                let owner = people.iter_mut().find(|known| known.person == row.person);
                if let Some(owner) = owner {
                    owner.devices.push(self.device_info(&row)?);
                }
            }
            Ok(people)
        })
    }

    /// Revokes a device from the next position on: what it sends later is quarantined.
    /// Revoking it again changes nothing and gives nothing.
    ///
    /// # Errors
    /// [`HubError::UnknownDevice`].
    pub fn revoke(&self, device: &DeviceKey) -> Result<Option<SignedEntry>, HubError> {
        let now = self.clock.now();
        self.store.write(|conn| {
            let row = people::find_device(conn, device)?.ok_or(HubError::UnknownDevice)?;
            if row.is_revoked {
                return Ok(None);
            }
            self.revoke_in(conn, &row, now).map(Some)
        })
    }

    fn revoke_in(
        &self,
        conn: &Connection,
        row: &DeviceRow,
        now: UtcMs,
    ) -> Result<SignedEntry, HubError> {
        let certificate = Certificate::decode(&row.certificate, &self.key.key())?;
        let mut sequencer = Sequencer::open(conn, &self.zone, &self.key, now)?;
        let stamp = Stamp::Revocation(certificate.hash());
        let entry = sequencer.stamp(stamp, Some(&row.device))?;
        sequencer.finish()?;
        people::set_revoked(conn, &row.device, now)?;
        Ok(entry)
    }

    pub(crate) fn device_info(&self, row: &DeviceRow) -> Result<DeviceInfo, HubError> {
        let certificate = Certificate::decode(&row.certificate, &self.key.key())?;
        let grant = certificate.grant();
        Ok(DeviceInfo {
            device: row.device,
            authority: grant.authority.clone(),
            epoch: row.epoch,
            valid_to: grant.valid_to,
            is_revoked: row.is_revoked,
        })
    }
}

fn authority_of(code: &CodeRow, person: PersonId) -> Result<Authority, HubError> {
    let damaged = |_| HubError::Damaged("a code's grant");
    let grids = code
        .grids
        .split_whitespace()
        .map(|grid| GridCode::parse(grid).map_err(damaged))
        .collect::<Result<_, _>>()?;
    let department = code
        .department
        .as_deref()
        .map(|department| DepartmentId::parse(department).map_err(damaged))
        .transpose()?;
    Ok(Authority {
        person: Some(person),
        roles: vec![Role::from_code(code.role).ok_or(HubError::Damaged("a code's role"))?],
        grids: GridScope(grids),
        department,
    })
}

/// A person whom nobody named: a citizen who enrols without telling who they are.
fn new_person() -> Result<PersonId, HubError> {
    let random: [u8; 8] = random()?;
    PersonId::parse(&format!("anon-{}", hex::encode(random)))
        .map_err(|_| HubError::Damaged("a new person"))
}
