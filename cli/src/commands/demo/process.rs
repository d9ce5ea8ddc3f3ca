//! The demo's hub: a process of its own, because a hub that is stopped must really be gone.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bading_core::model::time::UtcMs;

use crate::output::Failure;

/// A hub in another process; it is killed when this is dropped.
pub(super) struct HubProcess {
    dir: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl HubProcess {
    /// A hub of this folder on this port, not running yet.
    pub(super) fn new(dir: &Path, port: u16) -> Self {
        Self {
            dir: dir.to_owned(),
            port,
            child: None,
        }
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts it on a clock that shows `at`, and waits until it says that it answers.
    pub(super) fn start(&mut self, at: UtcMs) -> Result<(), Failure> {
        let program = std::env::current_exe().map_err(Failure::retry)?;
        let mut child = Command::new(program)
            .args(["--json", "hub", "serve", "--dir"])
            .arg(&self.dir)
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
            .args(["--clock-at", &at.to_rfc3339()])
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::retry(format!("the hub did not start: {error}")))?;
        let stdout = child.stdout.take();
        self.child = Some(child);
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(Failure::retry)?;
        }
        if line.contains("listening") {
            return Ok(());
        }
        self.stop();
        Err(Failure::retry(format!(
            "the hub did not start on port {}",
            self.port
        )))
    }

    /// Kills it in whatever it is doing: a hub may die like that, too.
    pub(super) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; either way it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Waits until somebody else stops it.
    pub(super) fn wait(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.wait();
        }
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that nobody uses now.
pub(super) fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Failure::retry)?;
    Ok(listener.local_addr().map_err(Failure::retry)?.port())
}
