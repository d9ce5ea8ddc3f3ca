//! Installs what the test legs need, on Debian as root; elsewhere says what to install.
//!
//! Nothing is installed that is already there, and package lists are fetched only when an
//! installation without them has failed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::trouble::Trouble;
use crate::workspace::{self, is_on_path};

/// Where Debian puts the jars of its packages.
pub(crate) const JARS: &str = "/usr/share/java";

/// Something that a leg cannot run without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Runs the Kotlin compiler and the tests.
    Java,
    /// Fetches the Kotlin compiler.
    Npm,
    /// Loads the Rust library into the JVM.
    Jna,
    /// Runs the Kotlin tests.
    Junit,
    /// SQLite and zstd are C.
    CCompiler,
    /// The sealed store's AES and HMAC.
    OpenSsl,
    /// Shows the hub's page.
    Chromium,
    /// Draws Chinese on the page's pictures.
    ChineseFonts,
}

impl Need {
    pub(crate) const ALL: [Self; 8] = [
        Self::CCompiler,
        Self::OpenSsl,
        Self::Java,
        Self::Npm,
        Self::Jna,
        Self::Junit,
        Self::Chromium,
        Self::ChineseFonts,
    ];
    pub(crate) const BROWSER: [Self; 3] = [Self::Npm, Self::Chromium, Self::ChineseFonts];
    pub(crate) const KOTLIN: [Self; 4] = [Self::Java, Self::Npm, Self::Jna, Self::Junit];

    fn is_met(self) -> bool {
        let jar = |name: &str| Path::new(JARS).join(name).is_file();
        match self {
            Self::Java => is_on_path("java"),
            Self::Npm => is_on_path("npm") && is_on_path("node"),
            Self::Jna => jar("jna.jar"),
            Self::Junit => jar("junit-platform-console.jar") && jar("junit-jupiter-engine.jar"),
            Self::CCompiler => is_on_path("cc"),
            Self::OpenSsl => Path::new("/usr/include/openssl/evp.h").is_file(),
            Self::Chromium => chromium().is_some(),
            Self::ChineseFonts => has_chinese_fonts(),
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Java => "a JDK, version 17 or later (`java`)",
            Self::Npm => "Node.js with npm (`node`, `npm`)",
            Self::Jna => "JNA (/usr/share/java/jna.jar)",
            Self::Junit => "JUnit 5 with its console (/usr/share/java/junit-*.jar)",
            Self::CCompiler => "a C compiler (`cc`)",
            Self::OpenSsl => "OpenSSL's headers (/usr/include/openssl)",
            Self::Chromium => "Chromium (`chromium`, or its path in CHROMIUM)",
            Self::ChineseFonts => "Chinese fonts, such as Noto Sans CJK",
        }
    }

    /// Debian's packages. `default-jdk-headless` is 17 on bookworm and newer on its successors.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Java => &["default-jdk-headless"],
            Self::Npm => &["nodejs", "npm"],
            Self::Jna => &["libjna-java"],
            Self::Junit => &["junit5"],
            Self::CCompiler => &["gcc", "libc6-dev"],
            Self::OpenSsl => &["libssl-dev", "pkg-config"],
            Self::Chromium => &["chromium"],
            Self::ChineseFonts => &["fonts-noto-cjk"],
        }
    }
}

/// The Chromium to use: the one that `CHROMIUM` names, else that of the system.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").filter(|name| !name.is_empty());
    let path = named.map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    path.is_file().then_some(path)
}

/// Elsewhere than on Debian fonts lie in many places, and a page without them still works.
fn has_chinese_fonts() -> bool {
    !is_on_path("apt-get")
        || Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").is_file()
}

/// Returns when every need is met, installing what is missing where that is possible.
///
/// # Errors
/// [`Trouble::MissingTool`] with the command to run, when not root or not on Debian.
pub(crate) fn ensure(needs: &[Need]) -> Result<(), Trouble> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    if !is_on_path("apt-get") {
        return Err(Trouble::MissingTool {
            what: named(&missing),
            remedy: "this is not Debian: install it with this system's packages".to_owned(),
        });
    }
    if !is_root() {
        return Err(Trouble::MissingTool {
            what: named(&missing),
            remedy: by_hand(&missing),
        });
    }
    let packages = packages(&missing);
    eprintln!("xtask: installing {}", packages.join(" "));
    if apt_get(&install_arguments(&packages)).is_err() {
        // A fresh machine has no package lists, an old one stale ones.
        apt_get(&["update".to_owned()])?;
        apt_get(&install_arguments(&packages))?;
    }
    let still = self::missing(needs);
    if still.is_empty() {
        return Ok(());
    }
    Err(Trouble::MissingTool {
        what: named(&still),
        remedy: format!("although {} was installed", packages.join(" ")),
    })
}

fn missing(needs: &[Need]) -> Vec<Need> {
    needs.iter().copied().filter(|n| !n.is_met()).collect()
}

fn named(needs: &[Need]) -> String {
    let names: Vec<_> = needs.iter().map(|need| need.what()).collect();
    names.join(", ")
}

fn packages(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().flat_map(|n| n.packages()).copied().collect()
}

fn by_hand(needs: &[Need]) -> String {
    format!(
        "run: sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
        packages(needs).join(" ")
    )
}

fn install_arguments(packages: &[&str]) -> Vec<String> {
    let options = ["install", "-y", "--no-install-recommends"];
    options
        .iter()
        .chain(packages)
        .map(|&word| word.to_owned())
        .collect()
}

fn apt_get(arguments: &[String]) -> Result<(), Trouble> {
    let mut command = Command::new("apt-get");
    command
        // Another installation may be running: wait for it rather than fail.
        .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null());
    workspace::run(&mut command)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").stdin(Stdio::null()).output();
    id.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand_names_one_command_for_all_that_is_missing() {
        let remedy = by_hand(&[Need::Jna, Need::Junit]);
        assert!(
            remedy.ends_with("install -y --no-install-recommends libjna-java junit5"),
            "{remedy}"
        );
    }
}
