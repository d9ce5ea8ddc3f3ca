//! A hub in a temporary folder, served on a free port, under a clock that tests turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use bading_core::model::identifiers::{DepartmentId, PersonId, Zone};
use bading_core::model::person::Role;
use bading_core::model::time::UtcMs;
use bading_core::sync::frame;
use bading_core::sync::wire::{Page, Problem};
use bading_hub::{CodeSpec, Hub, HubClock, HubConfig, ServeLimits, serve_with};
use reqwest::blocking::{Client, Response};
use tokio::sync::oneshot;

use crate::device::Device;

pub(crate) const ZONE: &str = "310101";
pub(crate) const MINUTE_MS: u64 = 60 * 1000;
pub(crate) const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

pub(crate) fn zone() -> Zone {
    Zone::parse(ZONE).expect("a county code")
}

/// 10:00 in Shanghai on 2 March 2026.
pub(crate) fn morning() -> UtcMs {
    UtcMs::parse_rfc3339("2026-03-02T10:00:00+08:00").expect("an instant")
}

pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn forward(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl HubClock for TestClock {
    fn now(&self) -> UtcMs {
        UtcMs(self.0.load(Ordering::SeqCst))
    }
}

struct Serving {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    url: String,
}

pub(crate) struct TestHub {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) http: Client,
    serving: Option<Serving>,
}

impl TestHub {
    pub(crate) fn start() -> Self {
        Self::start_with(ServeLimits::default())
    }

    pub(crate) fn start_with(limits: ServeLimits) -> Self {
        Self::start_at("127.0.0.1:0", limits)
    }

    /// Served at a given address; requests go to this machine's loopback all the same.
    pub(crate) fn start_at(address: &'static str, limits: ServeLimits) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Hub::init(dir.path(), &HubConfig::new("test", zone())).expect("an empty folder");
        let clock = Arc::new(TestClock(AtomicU64::new(morning().0)));
        let hub = Arc::new(Hub::open(dir.path(), clock.clone()).expect("a fresh hub"));
        let serving = Some(begin(hub.clone(), address, limits));
        Self {
            dir,
            clock,
            hub,
            http: Client::new(),
            serving,
        }
    }

    /// Ends the process's part in the folder and opens it anew.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.hub = Arc::new(Hub::open(self.dir.path(), self.clock.clone()).expect("the same hub"));
        self.serving = Some(begin(
            self.hub.clone(),
            "127.0.0.1:0",
            ServeLimits::default(),
        ));
    }

    pub(crate) fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            // Idle kept connections would hold the end up until they time out.
            self.http = Client::new();
            let _ = serving.stop.send(());
            serving
                .thread
                .join()
                .expect("the server ends without panic");
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let serving = self.serving.as_ref().expect("the hub is serving");
        format!("{}{path}", serving.url)
    }

    pub(crate) fn port(&self) -> u16 {
        let url = &self.serving.as_ref().expect("the hub is serving").url;
        let port = url.rsplit(':').next().expect("a port in the address");
        port.parse().expect("a port")
    }

    pub(crate) fn code(&self, spec: &CodeSpec) -> String {
        self.hub.create_code(spec).expect("a code").code
    }

    /// A device enrolled in a role, with an open session.
    pub(crate) fn device(&self, seed: u8, role: Role) -> Device {
        self.device_of(seed, CodeSpec::new(role))
    }

    pub(crate) fn handler(&self, seed: u8, department: &str) -> Device {
        let department = Some(DepartmentId::parse(department).expect("a department"));
        self.device_of(
            seed,
            CodeSpec {
                department,
                ..CodeSpec::new(Role::Handler)
            },
        )
    }

    pub(crate) fn device_of(&self, seed: u8, spec: CodeSpec) -> Device {
        let mut device = Device::new(seed);
        device.enrol(self, &self.code(&spec));
        device.open_session(self);
        device
    }

    pub(crate) fn last_position(&self) -> u64 {
        self.hub.zones().expect("the store reads")[0].last_position
    }

    pub(crate) fn assert_sound(&self) {
        let report = self.hub.verify().expect("the store reads");
        assert!(report.is_sound(), "{report:?}");
    }
}

impl Drop for TestHub {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            let _ = serving.stop.send(());
        }
    }
}

fn begin(hub: Arc<Hub>, address: &'static str, limits: ServeLimits) -> Serving {
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(address)
                .await
                .expect("a free port");
            tell.send(listener.local_addr().expect("bound"))
                .expect("the test waits for it");
            let shutdown = async {
                let _ = stopped.await;
            };
            serve_with(hub, listener, shutdown, limits)
                .await
                .expect("the folder is ours");
        });
    });
    let address = told.recv().expect("the server starts");
    let url = format!("http://127.0.0.1:{}", address.port());
    // An answer of whatever kind: the hub holds its folder and serves.
    reqwest::blocking::get(format!("{url}/healthz")).expect("an answer");
    Serving { stop, thread, url }
}

pub(crate) fn person(text: &str) -> PersonId {
    PersonId::parse(text).expect("a personnel number")
}

/// Asserts a problem document, whole, and gives nothing back.
#[track_caller]
pub(crate) fn assert_problem(response: Response, status: u16, code: &str) {
    assert_eq!(response.status().as_u16(), status);
    let media_type = response.headers()["content-type"].to_str().expect("ascii");
    assert_eq!(media_type, "application/problem+json");
    let text = response.text().expect("a body");
    let problem: Problem = serde_json::from_str(&text).expect("a problem document");
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (status, code),
        "{text}"
    );
}

#[track_caller]
pub(crate) fn read_page(response: Response) -> Page {
    assert_eq!(response.status().as_u16(), 200);
    let packed = response.bytes().expect("a body");
    let bytes = frame::unpack(&packed).expect("a frame");
    Page::decode(&bytes).expect("a page")
}
