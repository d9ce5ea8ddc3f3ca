//! The browser leg: the demo's hub and its page in a real Chromium.
//!
//! The driver comes from npm (pinned by hash in `tests/browser`), Chromium from the system.
//! The demo runs in a process group of its own, which is ended as a whole: the hub that it
//! serves is a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::npm;
use crate::setup::{self, Need};
use crate::trouble::Trouble;
use crate::workspace::{self, Workspace};

/// What the page of the demo's day must show: `any` day, or a `day` with a patrol.
const EXPECT: &str = "day";
/// The demo plays its day, on a busy machine in an unoptimised build.
const DEMO_LIMIT: Duration = Duration::from_secs(180);
/// How long a process may take to end once it is told to.
const END_LIMIT: Duration = Duration::from_secs(10);

/// Builds, serves and looks; fails when a check fails.
pub(crate) fn test(workspace: &Workspace) -> Result<(), Trouble> {
    setup::ensure(&Need::BROWSER)?;
    let pin = workspace.root.join("tests/browser");
    let driver = npm::install(&pin, "browser-driver")?.join("playwright-core/index.js");
    let program = bading(workspace)?;
    let folder = Folder::make(workspace)?;
    let (demo, url) = Demo::start(&program, &folder.0)?;
    let mut command = Command::new("node");
    command
        .arg(pin.join("page.mjs"))
        .arg(&url)
        .args(["--expect", EXPECT, "--out"])
        .arg(workspace.target.join("browser"))
        .arg("--driver")
        .arg(driver)
        .current_dir(&workspace.root)
        .stdin(Stdio::null());
    if let Some(chromium) = setup::chromium() {
        command.env("CHROMIUM", chromium);
    }
    let outcome = workspace::run(&mut command);
    drop(demo);
    outcome
}

/// The `bading` command, built.
fn bading(workspace: &Workspace) -> Result<PathBuf, Trouble> {
    let arguments = ["build", "-q", "-p", "bading", "--bin", "bading"];
    workspace::run(&mut workspace.cargo(&arguments))?;
    let name = format!("bading{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target.join("debug").join(name))
}

/// A folder of this run, removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn make(workspace: &Workspace) -> Result<Self, Trouble> {
        let name = format!("browser-demo-{}", std::process::id());
        let folder = workspace.target.join(name);
        std::fs::create_dir_all(&folder).map_err(Trouble::file(&folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind lies in the target folder and harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The demo and the hub that it serves; both are ended when this is dropped.
struct Demo(Child);

impl Demo {
    /// Starts it, and waits for its address.
    fn start(program: &Path, folder: &Path) -> Result<(Self, String), Trouble> {
        let port = free_port()?;
        let mut command = Command::new(program);
        command
            .args(["demo", "--port", &port.to_string(), "--dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| Trouble::MissingTool {
            what: "`bading`".to_owned(),
            remedy: format!("it could not be started: {error}"),
        })?;
        let (tell, told) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            listen(output, tell.clone());
        }
        if let Some(output) = child.stderr.take() {
            listen(output, tell);
        }
        let demo = Self(child);
        let url = wait_for_url(&told, port, DEMO_LIMIT)?;
        Ok((demo, url))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // The shell's `kill` is the one that every system has; the group is this run's own.
        for signal in ["-TERM", "-KILL"] {
            let line = format!("kill {signal} -{}", self.0.id());
            let _ = Command::new("sh")
                .args(["-c", &line])
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .status();
            let end = Instant::now() + END_LIMIT;
            while Instant::now() < end {
                if matches!(self.0.try_wait(), Ok(Some(_)) | Err(_)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// Passes each line on, and reads to the end so that the demo never waits for a reader.
fn listen(output: impl Read + Send + 'static, tell: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody listens any more once the address is known.
            let _ = tell.send(line);
        }
    });
}

/// The address of the hub, once a line names it.
fn wait_for_url(told: &Receiver<String>, port: u16, limit: Duration) -> Result<String, Trouble> {
    let url = format!("http://127.0.0.1:{port}");
    let end = Instant::now() + limit;
    let mut last = String::new();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match told.recv_timeout(left) {
            Ok(line) if line.contains(&url) => return Ok(format!("{url}/")),
            Ok(line) => {
                println!("{line}");
                last = line;
            }
            Err(why) => {
                let why = match why {
                    RecvTimeoutError::Timeout => "told no address in time",
                    RecvTimeoutError::Disconnected => "ended before it served",
                };
                return Err(Trouble::Answer {
                    command: "bading demo".to_owned(),
                    why: format!("it {why}; its last line: {last}"),
                });
            }
        }
    }
}

fn free_port() -> Result<u16, Trouble> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let address = listener.map_err(Trouble::file(Path::new("127.0.0.1:0")))?;
    Ok(address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_taken_from_the_line_that_names_the_port() {
        let (tell, told) = mpsc::channel();
        for line in [
            "a step",
            "see http://127.0.0.1:1",
            "goes on at http://127.0.0.1:81 (x)",
        ] {
            tell.send(line.to_owned()).expect("a listener");
        }
        let url = wait_for_url(&told, 81, Duration::from_secs(1)).expect("an address");
        assert_eq!(url, "http://127.0.0.1:81/");
    }

    #[test]
    fn demo_that_ends_early_is_told_with_its_last_line() {
        let (tell, told) = mpsc::channel();
        tell.send("NOT as expected".to_owned()).expect("a listener");
        drop(tell);
        let error = wait_for_url(&told, 81, Duration::from_secs(1)).expect_err("no address");
        assert!(error.to_string().contains("NOT as expected"), "{error}");
    }
}
