//! A phone whose clocks the test turns: an engine on a folder, enrolled by hand, without a
//! hub that would have to be reached.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bading_core::engine::{Engine, EngineError, EngineOptions};
use bading_core::model::identifiers::{DeviceKey, Hash, Zone};
use bading_core::model::person::{Authority, Role};
use bading_core::model::place::LatLon;
use bading_core::model::route::{PlannedRoute, Route, Validity};
use bading_core::model::time::{ClockReading, UtcMs};
use bading_core::model::track::Fix;
use bading_core::oplog::certificate::{Certificate, Grant};
use bading_core::oplog::commit::Commit;
use bading_core::oplog::entry::{Entry, SignedEntry, Stamp, Verdict};
use bading_core::oplog::sign::{DeviceSigner, SoftwareSigner, hash_of};
use bading_core::services::reference::keep_pack;
use bading_core::services::{Host, ServiceError, log};
use bading_core::storage::log::{EntryPlace, StoredGrant};
use bading_core::storage::reference::Setting;

use super::city::{START, authority};

/// The zone of every test.
pub(crate) const ZONE: &str = "310101";

/// Clocks that stand until they are turned, and randomness that follows from a number.
pub(crate) struct TestHost {
    wall_ms: AtomicU64,
    mono_ms: AtomicU64,
    random: AtomicU64,
}

impl TestHost {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            wall_ms: AtomicU64::new(START.0),
            mono_ms: AtomicU64::new(1_000),
            random: AtomicU64::new(seed << 32),
        })
    }

    pub(crate) fn set_wall(&self, at: UtcMs) {
        self.wall_ms.store(at.0, Ordering::SeqCst);
    }

    /// Both clocks go on.
    pub(crate) fn forward(&self, ms: u64) {
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
        self.mono_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Host for TestHost {
    fn now(&self) -> ClockReading {
        ClockReading {
            wall: UtcMs(self.wall_ms.load(Ordering::SeqCst)),
            mono_ms: self.mono_ms.load(Ordering::SeqCst),
            boot: [7; 16],
        }
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.random.fetch_add(1, Ordering::SeqCst) + 1;
            let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            chunk.copy_from_slice(&mixed[..chunk.len()]);
        }
    }
}

/// The engine of a device on a folder; devices of one seed have one key.
pub(crate) fn open(dir: &Path, seed: u8, host: &Arc<TestHost>) -> Engine {
    let options = EngineOptions {
        signer: Some(Arc::new(SoftwareSigner::from_seed(&[seed; 32]))),
        host: Arc::<TestHost>::clone(host),
        ..EngineOptions::default()
    };
    Engine::open(dir, options).expect("the folder is the test's")
}

/// Runs what it is given in one transaction of a store.
pub(crate) fn in_store<T>(
    engine: &Engine,
    work: impl FnOnce(&bading_core::storage::Tx<'_>) -> Result<T, ServiceError>,
) -> T {
    engine.context().store.write(work).expect("the store works")
}

/// The hub of the tests: a key that stamps.
pub(crate) struct Stamper {
    pub(crate) signer: SoftwareSigner,
    position: u64,
}

impl Stamper {
    pub(crate) fn new() -> Self {
        Self {
            signer: SoftwareSigner::from_seed(&[0xfe; 32]),
            position: 0,
        }
    }

    fn entry(&mut self, at: UtcMs, stamp: Stamp) -> SignedEntry {
        self.position += 1;
        let entry = Entry {
            zone: Zone::parse(ZONE).expect("a zone of the test"),
            epoch: 1,
            position: self.position,
            hub_time: at,
            stamp,
        };
        SignedEntry::issue(&entry, &self.signer).expect("within the limits")
    }

    /// Gives a device a role, in this store's log.
    pub(crate) fn grant(
        &mut self,
        engine: &Engine,
        device: DeviceKey,
        authority: Authority,
    ) -> Certificate {
        let grant = Grant {
            device,
            authority,
            intake_zone: Zone::parse(ZONE).expect("a zone of the test"),
            epoch: 1,
            valid_from: START,
            valid_to: START.plus_ms(14 * 86_400_000),
        };
        let certificate = Certificate::issue(&grant, &self.signer).expect("within the limits");
        let signed = self.entry(START, Stamp::Grant(certificate.hash()));
        in_store(engine, |tx| {
            tx.set_setting(Setting::HubKey, &self.signer.key().bytes)?;
            let stored = StoredGrant {
                position: (signed.entry().epoch, signed.entry().position),
                is_revoked: false,
                certificate: certificate.encode(),
                entry: signed.encode(),
            };
            tx.insert_grant(&device, &signed.entry().zone, &stored)?;
            Ok(())
        });
        certificate
    }

    /// Enrols an engine's own device as a person in a role.
    pub(crate) fn enrol(&mut self, engine: &Engine, person: &str, role: Role) {
        let device = engine.context().signer.key();
        let certificate = self.grant(engine, device, authority(person, &[role], None));
        in_store(engine, |tx| {
            Ok(tx.set_setting(Setting::Certificate, &certificate.encode())?)
        });
    }

    /// Stamps a commit of this store.
    pub(crate) fn stamp(
        &mut self,
        engine: &Engine,
        commit: &Hash,
        at: UtcMs,
        verdict: Verdict,
        number: Option<&str>,
    ) {
        let signed = self.entry(
            at,
            Stamp::Commit {
                commit: *commit,
                verdict,
                number: number.map(str::to_owned),
            },
        );
        let device = engine.context().signer.key();
        in_store(engine, |tx| {
            let place = log::place_of(signed.entry());
            assert!(tx.stamp_commit(commit, &place, &signed.encode())?);
            let EntryPlace {
                zone,
                epoch,
                position,
            } = place;
            tx.set_cursor(&zone, epoch, position)?;
            let stored = tx.find_commit(commit)?.expect("it was stamped");
            let commit = Commit::decode(&stored.bytes).expect("sound");
            for subject in commit.body().expect("readable").subjects() {
                log::refold_subject(tx, &device, &subject)?;
            }
            Ok(())
        });
    }

    /// Stamps every commit of this store that has no stamp, in the order of arrival.
    pub(crate) fn stamp_rest(&mut self, engine: &Engine, at: UtcMs, verdict: &Verdict) {
        for commit in commits(engine) {
            let stored = in_store(engine, |tx| Ok(tx.find_commit(&commit.hash())?));
            if stored.is_some_and(|stored| stored.entry.is_none()) {
                self.stamp(engine, &commit.hash(), at, verdict.clone(), None);
            }
        }
    }
}

/// Every commit of a store in the order of arrival.
pub(crate) fn commits(engine: &Engine) -> Vec<Commit> {
    let rows = in_store(engine, |tx| Ok(tx.commits_after(0, 100_000)?));
    let decode = |(_, stored): &(i64, bading_core::storage::log::StoredCommit)| {
        Commit::decode(&stored.bytes).expect("sound")
    };
    rows.iter().map(decode).collect()
}

/// Puts a pack in force.
pub(crate) fn put(engine: &Engine, kind: &str, bytes: &[u8]) {
    in_store(engine, |tx| keep_pack(tx, kind, &hash_of(bytes), bytes));
}

/// The place so many metres east and north of a place in Shanghai; near enough over a few
/// kilometres for what the tests ask.
pub(crate) fn at(x_m: f64, y_m: f64) -> LatLon {
    let lat = 31.23 + y_m / 110_856.0;
    let lon = 121.47 + x_m / (111_320.0 * lat.to_radians().cos() * 1.0009);
    LatLon::try_new(lat, lon).expect("near Shanghai")
}

/// A fix with an accuracy of five metres.
pub(crate) fn fix(time: UtcMs, x_m: f64, y_m: f64) -> Fix {
    Fix {
        at: time,
        place: at(x_m, y_m),
        accuracy_m: Some(5.0),
        is_mock: false,
    }
}

/// A route of one part under a code.
pub(crate) fn planned(code: &str, line: &[(f64, f64)]) -> PlannedRoute {
    let line = line.iter().map(|(x, y)| at(*x, *y)).collect();
    PlannedRoute {
        code: code.parse().expect("a code"),
        name: "人民路".to_owned(),
        route: Route::try_new(vec![line], Route::DEFAULT_CORRIDOR_M).expect("a line"),
        loops_required: 1,
        validity: Validity::default(),
        windows: Vec::new(),
    }
}

/// The typed answer of a use case that failed.
pub(crate) fn why<T>(outcome: Result<T, EngineError>) -> String {
    match outcome {
        Ok(_) => "done".to_owned(),
        Err(error) => error.to_string(),
    }
}
