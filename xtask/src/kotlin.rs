//! The Kotlin leg: the real library, its generated Kotlin and JUnit 5 tests, on the JVM.
//!
//! No Gradle and no Android SDK: the compiler comes from npm (pinned by hash in
//! `bindings/kotlin/compiler`), JNA and JUnit from Debian. Compiled jars are kept in the
//! target folder and made again only when one of their inputs has changed.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::npm;
use crate::setup::{self, JARS, Need};
use crate::trouble::Trouble;
use crate::workspace::{self, Workspace};

/// The bytecode level: the oldest Java that the tests run on.
const JVM_TARGET: &str = "17";

/// Builds, compiles and runs; fails when a test fails or none is found.
pub(crate) fn test(workspace: &Workspace) -> Result<(), Trouble> {
    setup::ensure(&Need::KOTLIN)?;
    let compiler = Compiler::find(workspace)?;
    let built = Built::build(workspace)?;

    let folder = workspace.target.join("kotlin");
    let generated = folder.join("generated");
    generate(workspace, &built, &generated)?;

    let mut class_path = vec![
        Path::new(JARS).join("jna.jar"),
        compiler.jar("kotlinx-coroutines-core-jvm.jar"),
    ];
    let bindings = folder.join("bindings.jar");
    // Warnings in generated code are nobody's to mend.
    compiler.compile(&[generated], &["-nowarn"], &class_path, &bindings)?;

    class_path.extend([
        bindings,
        compiler.jar("kotlin-test.jar"),
        compiler.jar("kotlin-test-junit5.jar"),
    ]);
    class_path.extend(junit_jars()?);
    let tests = folder.join("tests.jar");
    let sources = workspace.root.join("bindings/kotlin/src/test/kotlin");
    compiler.compile(&[sources], &["-Werror"], &class_path, &tests)?;

    class_path.extend([compiler.jar("kotlin-stdlib.jar"), tests.clone()]);
    run_tests(workspace, &built, &class_path, &tests)
}

/// What cargo has made for this leg.
struct Built {
    library: PathBuf,
    bindgen: PathBuf,
    /// The `bading` command, for tests that need a hub beside them.
    command: PathBuf,
}

impl Built {
    /// Builds the whole workspace with its tests, not three packages of it: features then
    /// resolve as for the Rust tests, and no dependency is compiled twice.
    fn build(workspace: &Workspace) -> Result<Self, Trouble> {
        let mut command = workspace.cargo(&[
            "build",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--message-format=json-render-diagnostics",
        ]);
        let messages = workspace::output(&mut command)?;
        let artifacts: Vec<Value> = messages
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(is_product)
            .collect();
        let missing = |what: &str| Trouble::Answer {
            command: "cargo build --workspace".to_owned(),
            why: format!("it made no {what}"),
        };
        Ok(Self {
            library: library(&artifacts).ok_or_else(|| missing("library bading_bindings"))?,
            bindgen: executable(&artifacts, "uniffi-bindgen")
                .ok_or_else(|| missing("program uniffi-bindgen"))?,
            command: executable(&artifacts, "bading").ok_or_else(|| missing("program bading"))?,
        })
    }
}

/// Whether cargo's message is of something built, and not of the tests inside it.
fn is_product(message: &Value) -> bool {
    message["reason"] == "compiler-artifact" && message["profile"]["test"] == false
}

fn library(artifacts: &[Value]) -> Option<PathBuf> {
    let ending = std::env::consts::DLL_SUFFIX;
    artifacts
        .iter()
        .filter(|artifact| artifact["target"]["name"] == "bading_bindings")
        .filter_map(|artifact| artifact["filenames"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .find(|name| name.ends_with(ending))
        .map(PathBuf::from)
}

fn executable(artifacts: &[Value], name: &str) -> Option<PathBuf> {
    artifacts
        .iter()
        .filter(|artifact| artifact["target"]["name"] == name)
        .find_map(|artifact| artifact["executable"].as_str())
        .map(PathBuf::from)
}

/// Writes the Kotlin of the library into an emptied folder.
fn generate(workspace: &Workspace, built: &Built, folder: &Path) -> Result<(), Trouble> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Trouble::file(folder))?;
    }
    let mut command = Command::new(&built.bindgen);
    command
        .arg("generate")
        .arg(&built.library)
        .args(["-l", "kotlin", "--no-format", "-o"])
        .arg(folder)
        .current_dir(&workspace.root)
        .stdin(Stdio::null());
    workspace::run(&mut command)
}

/// Kotlin's compiler, unpacked in the cache.
struct Compiler {
    home: PathBuf,
}

impl Compiler {
    /// Finds the pinned compiler in the cache, fetching it the first time.
    fn find(workspace: &Workspace) -> Result<Self, Trouble> {
        let pin = workspace.root.join("bindings/kotlin/compiler");
        let home = npm::install(&pin, "kotlin-compiler")?.join("kotlin-compiler");
        Ok(Self { home })
    }

    fn jar(&self, name: &str) -> PathBuf {
        self.home.join("lib").join(name)
    }

    /// Compiles the Kotlin below `sources` into `jar`, unless it was made from the very same
    /// sources, flags and libraries.
    fn compile(
        &self,
        sources: &[PathBuf],
        flags: &[&str],
        class_path: &[PathBuf],
        jar: &Path,
    ) -> Result<(), Trouble> {
        let inputs = self.inputs(sources, flags, class_path)?;
        let record = jar.with_extension("inputs");
        if jar.is_file() && fs::read_to_string(&record).is_ok_and(|known| known == inputs) {
            return Ok(());
        }
        // A compilation that is cut short must not leave a record that says it was done.
        if record.exists() {
            fs::remove_file(&record).map_err(Trouble::file(&record))?;
        }
        let mut command = Command::new(self.home.join("bin/kotlinc"));
        command
            .args(["-jvm-target", JVM_TARGET, "-cp"])
            .arg(joined(class_path)?)
            .args(flags)
            .arg("-d")
            .arg(jar)
            .args(sources)
            .stdin(Stdio::null());
        workspace::run(&mut command)?;
        fs::write(&record, inputs).map_err(Trouble::file(&record))
    }

    /// A fingerprint of everything that decides what the compiler writes.
    fn inputs(
        &self,
        sources: &[PathBuf],
        flags: &[&str],
        class_path: &[PathBuf],
    ) -> Result<String, Trouble> {
        let mut hasher = DefaultHasher::new();
        (&self.home, flags, JVM_TARGET).hash(&mut hasher);
        for source in sources {
            for file in kotlin_files(source)? {
                let bytes = fs::read(&file).map_err(Trouble::file(&file))?;
                (file.strip_prefix(source).unwrap_or(&file), bytes).hash(&mut hasher);
            }
        }
        for library in class_path {
            // A jar of ours carries its compilation time: its own fingerprint stands for it.
            let record = library.with_extension("inputs");
            let stands = if record.exists() { &record } else { library };
            let bytes = fs::read(stands).map_err(Trouble::file(stands))?;
            (library, bytes).hash(&mut hasher);
        }
        Ok(format!("{:016x}\n", hasher.finish()))
    }
}

/// All `.kt` files below a folder, sorted, so that the fingerprint does not depend on the
/// file system's order.
fn kotlin_files(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = workspace::files_below(folder)?;
    files.retain(|file| file.extension().is_some_and(|e| e == "kt"));
    Ok(files)
}

/// Every jar of JUnit 5's console and what it needs. Debian names each twice, with and
/// without its version: the latter are taken.
fn junit_jars() -> Result<Vec<PathBuf>, Trouble> {
    let families = [
        "junit-platform-",
        "junit-jupiter-",
        "opentest4j",
        "apiguardian-api",
        "picocli",
        "univocity-parsers",
    ];
    let folder = Path::new(JARS);
    let mut jars = Vec::new();
    for entry in fs::read_dir(folder).map_err(Trouble::file(folder))? {
        let path = entry.map_err(Trouble::file(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let belongs = families.iter().any(|family| name.starts_with(family));
        if belongs && name.ends_with(".jar") && !has_version(&name) {
            jars.push(path);
        }
    }
    jars.sort();
    Ok(jars)
}

fn has_version(jar_name: &str) -> bool {
    jar_name
        .split('-')
        .skip(1)
        .any(|part| part.starts_with(|first: char| first.is_ascii_digit()))
}

fn joined(class_path: &[PathBuf]) -> Result<OsString, Trouble> {
    std::env::join_paths(class_path).map_err(|error| Trouble::Answer {
        command: "java -cp".to_owned(),
        why: error.to_string(),
    })
}

fn run_tests(
    workspace: &Workspace,
    built: &Built,
    class_path: &[PathBuf],
    tests: &Path,
) -> Result<(), Trouble> {
    let version = workspace
        .package("bading-bindings")
        .map_or("unknown", |package| package.version.as_str());
    let mut command = Command::new("java");
    command
        // Named whole, so that no other library of that name on the machine is loaded.
        .arg(property(
            "uniffi.component.bading_bindings.libraryOverride",
            built.library.as_os_str(),
        ))
        .arg(property("bading.version", version.as_ref()))
        .arg(property("bading.command", built.command.as_os_str()))
        .arg(property("file.encoding", "UTF-8".as_ref()))
        .arg("-cp")
        .arg(joined(class_path)?)
        .arg("org.junit.platform.console.ConsoleLauncher")
        .args([
            "--disable-banner",
            "--disable-ansi-colors",
            "--details=tree",
        ])
        .arg("--fail-if-no-tests")
        .arg("--scan-classpath")
        .arg(tests)
        .current_dir(&workspace.root)
        .stdin(Stdio::null());
    workspace::run(&mut command)
}

fn property(name: &str, value: &std::ffi::OsStr) -> OsString {
    let mut argument = OsString::from(format!("-D{name}="));
    argument.push(value);
    argument
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_version_tells_the_versioned_twin_of_a_jar() {
        assert!(has_version("junit-jupiter-api-5.9.2.jar"));
        assert!(!has_version("junit-jupiter-api.jar"));
        assert!(!has_version("opentest4j.jar"));
    }

    #[test]
    fn library_is_the_dynamic_one_among_the_files_of_the_bindings() {
        let file = format!("/t/libbading_bindings{}", std::env::consts::DLL_SUFFIX);
        let artifact = serde_json::json!({
            "target": {"name": "bading_bindings"},
            "filenames": ["/t/libbading_bindings.rlib", file, "/t/libbading_bindings.a"],
        });
        assert_eq!(library(&[artifact]), Some(PathBuf::from(file)));
    }

    #[test]
    fn is_product_leaves_out_the_tests_of_a_program() {
        let message = |test: bool| serde_json::json!({"reason": "compiler-artifact", "profile": {"test": test}});
        assert!(is_product(&message(false)));
        assert!(!is_product(&message(true)));
    }
}
