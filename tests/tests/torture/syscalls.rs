//! What a process asked of the file system, as strace wrote it down.

use std::collections::BTreeMap;

/// The calls that change files or make changes durable.
pub(crate) const TRACED: &str =
    "openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,unlink,mkdir";

/// One call that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// A file was opened for writing, and made when it was not there.
    Open { path: String, is_emptied: bool },
    /// Bytes of a file were written.
    Write {
        path: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    /// A file was cut or extended.
    Truncate { path: String, len: usize },
    /// A file's bytes, or a folder's names, became durable.
    Sync { path: String },
    /// A name was changed.
    Rename { from: String, to: String },
    /// A name was taken away.
    Unlink { path: String },
    /// A folder was made.
    Mkdir { path: String },
    /// The process said something.
    Said(Vec<u8>),
}

/// The calls of a log that `strace -y -xx` wrote, in order.
pub(crate) fn read(log: &str) -> Vec<Call> {
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    let calls = log.lines().filter_map(|line| call(line, &mut positions));
    calls.collect()
}

fn call(line: &str, positions: &mut BTreeMap<String, usize>) -> Option<Call> {
    assert!(
        !line.contains("<unfinished"),
        "the phone has one thread: {line}"
    );
    let (_, line) = line.split_once(' ')?;
    let line = line.trim_start();
    let (name, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') || result.starts_with('?') {
        return None;
    }
    let fd: String = arguments.chars().take_while(char::is_ascii_digit).collect();
    let file = || text(arguments.split_once('<')?.1.split_once('>')?.0);
    let strings: Vec<&str> = arguments.split('"').skip(1).step_by(2).collect();
    let named = |at: usize| strings.get(at).and_then(|hex| text(hex));
    Some(match name {
        "openat" => {
            let opened: String = result.chars().take_while(char::is_ascii_digit).collect();
            positions.insert(opened, 0);
            if !(arguments.contains("O_CREAT") || arguments.contains("O_TRUNC")) {
                return None;
            }
            Call::Open {
                path: named(0)?,
                is_emptied: arguments.contains("O_TRUNC"),
            }
        }
        "write" if fd == "1" => Call::Said(bytes(strings.first()?)?),
        "write" => {
            let written = bytes(strings.first()?)?;
            let position = positions.entry(fd).or_insert(0);
            let offset = *position;
            *position += written.len();
            Call::Write {
                path: file()?,
                offset,
                bytes: written,
            }
        }
        "pwrite64" => Call::Write {
            path: file()?,
            offset: last_number(arguments)?,
            bytes: bytes(strings.first()?)?,
        },
        "ftruncate" => Call::Truncate {
            path: file()?,
            len: last_number(arguments)?,
        },
        "fsync" | "fdatasync" => Call::Sync { path: file()? },
        "rename" => Call::Rename {
            from: named(0)?,
            to: named(1)?,
        },
        "unlink" => Call::Unlink { path: named(0)? },
        "mkdir" => Call::Mkdir { path: named(0)? },
        _ => return None,
    })
}

fn last_number(arguments: &str) -> Option<usize> {
    let last = arguments.rsplit(", ").next()?;
    last.trim_end().trim_end_matches(')').parse().ok()
}

fn text(hex: &str) -> Option<String> {
    String::from_utf8(bytes(hex)?).ok()
}

/// `\x61\x62` as bytes.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.split("\\x").skip(1);
    digits
        .map(|digits| u8::from_str_radix(digits, 16).ok())
        .collect()
}
