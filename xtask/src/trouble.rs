//! What can go wrong in a chore, in the words that its caller needs to go on.

use std::fmt;
use std::path::{Path, PathBuf};

/// One place that breaks a rule, printed as `file:line: what`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the workspace root.
    pub(crate) file: PathBuf,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

/// Why a chore stopped.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The command line is wrong.
    Usage(String),
    /// A program that the chore needs is not here and could not be installed.
    MissingTool { what: String, remedy: String },
    /// A program ran and said no.
    CommandFailed { command: String, status: String },
    /// A program answered something that cannot be read.
    Answer { command: String, why: String },
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    /// Rules are broken at these places.
    Findings(Vec<Finding>),
    /// These test legs failed; each has printed its own reason.
    LegsFailed(Vec<&'static str>),
}

impl Trouble {
    /// For `map_err`: names the file that could not be read or written.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::MissingTool { what, remedy } => write!(f, "missing: {what}; {remedy}"),
            Self::CommandFailed { command, status } => write!(f, "`{command}` failed: {status}"),
            Self::Answer { command, why } => write!(f, "`{command}` answered oddly: {why}"),
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Findings(findings) => {
                for finding in findings {
                    writeln!(f, "\n{finding}")?;
                }
                write!(f, "\nplaces that break the rule: {}", findings.len())
            }
            Self::LegsFailed(names) => write!(f, "failed: {}", names.join(", ")),
        }
    }
}
