//! The cells and records of a page in the clear, read so that no byte of it can do harm.
//!
//! Source: <https://www.sqlite.org/fileformat2.html#b_tree_pages>.

use std::ops::Range;

use crate::storage::salvage::page::USABLE;

/// The most bytes of one row; a city's grids have some 12 MB.
const MAX_PAYLOAD: u64 = 256 * 1024 * 1024;
const MAX_COLUMNS: usize = 64;

/// What a page of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rows of a table, by their number.
    TableLeaf,
    /// The way to them.
    TableInterior,
    /// Keys of an index, or rows of a table without numbers.
    IndexLeaf,
    /// Keys, and the way to more of them.
    IndexInterior,
}

/// A value as SQLite stores it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Real(f64),
    /// Text, UTF-8 where it is sound.
    Text(Vec<u8>),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A cell of a leaf, or a key in an interior page of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    /// The row's number, in a table.
    pub(super) rowid: Option<i64>,
    /// What of the payload is in the page.
    pub(super) local: Range<usize>,
    /// Bytes of the whole payload.
    pub(super) total: usize,
    /// The page where it goes on.
    pub(super) overflow: Option<u32>,
}

/// What stands in a page of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// What it is.
    pub(super) kind: Kind,
    /// Its cells, without those that are not in their form.
    pub(super) cells: Vec<Cell>,
    /// The pages below.
    pub(super) children: Vec<u32>,
    /// True when every cell was in its form.
    pub(super) is_whole: bool,
}

/// Reads a page of a tree; nothing when it is none.
pub(super) fn node(page: &[u8], number: u32) -> Option<Node> {
    let at = if number == 1 { 100 } else { 0 };
    let kind = match page.get(at)? {
        0x0d => Kind::TableLeaf,
        0x05 => Kind::TableInterior,
        0x0a => Kind::IndexLeaf,
        0x02 => Kind::IndexInterior,
        _ => return None,
    };
    let is_interior = matches!(kind, Kind::TableInterior | Kind::IndexInterior);
    let count = usize::from(short(page, at + 3)?);
    let pointers = at + if is_interior { 12 } else { 8 };
    let mut node = Node {
        kind,
        cells: Vec::new(),
        children: Vec::new(),
        is_whole: true,
    };
    for index in 0..count {
        let cell = short(page, pointers + 2 * index)
            .map(usize::from)
            .filter(|start| *start < USABLE)
            .and_then(|start| node.take(page, start));
        if cell.is_none() {
            node.is_whole = false;
        }
    }
    if is_interior {
        node.children.push(long(page, at + 8)?);
    }
    Some(node)
}

impl Node {
    fn take(&mut self, page: &[u8], mut at: usize) -> Option<()> {
        if matches!(self.kind, Kind::TableInterior | Kind::IndexInterior) {
            self.children.push(long(page, at)?);
            at += 4;
        }
        if self.kind == Kind::TableInterior {
            return Some(());
        }
        let total = usize::try_from(varint(page, &mut at).filter(|n| *n <= MAX_PAYLOAD)?).ok()?;
        let is_table = self.kind == Kind::TableLeaf;
        let rowid = match is_table {
            true => Some(varint(page, &mut at)? as i64),
            false => None,
        };
        let most = match is_table {
            true => USABLE - 35,
            false => (USABLE - 12) * 64 / 255 - 23,
        };
        let least = (USABLE - 12) * 32 / 255 - 23;
        let local = match total {
            _ if total <= most => total,
            _ => {
                let kept = least + (total - least) % (USABLE - 4);
                if kept <= most { kept } else { least }
            }
        };
        let range = at..at + local;
        (range.end <= USABLE).then_some(())?;
        let overflow = match local < total {
            true => Some(long(page, range.end)?),
            false => None,
        };
        self.cells.push(Cell {
            rowid,
            local: range,
            total,
            overflow,
        });
        Some(())
    }
}

/// The values of a record; nothing when it is none.
pub(super) fn values(payload: &[u8]) -> Option<Vec<Value>> {
    let mut at = 0;
    let header = usize::try_from(varint(payload, &mut at)?).ok()?;
    let mut body = header;
    let mut values = Vec::new();
    while at < header {
        let serial = varint(payload.get(..header)?, &mut at)?;
        let size = match serial {
            0 | 8 | 9 => 0,
            1..=4 => serial as usize,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from((serial - 12) / 2).ok()?,
        };
        let bytes = payload.get(body..body.checked_add(size)?)?;
        body += size;
        values.push(match serial {
            0 => Value::Null,
            7 => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            1..=6 => Value::Integer(integer(bytes)),
            _ if serial % 2 == 0 => Value::Blob(bytes.to_vec()),
            _ => Value::Text(bytes.to_vec()),
        });
        (values.len() <= MAX_COLUMNS).then_some(())?;
    }
    (body == payload.len()).then_some(values)
}

/// A big-endian number with its sign.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
        -1
    } else {
        0
    };
    bytes
        .iter()
        .fold(sign, |number, byte| (number << 8) | i64::from(*byte))
}

fn short(page: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(page.get(at..at + 2)?.try_into().ok()?))
}

/// Four bytes, big-endian.
pub(super) fn long(page: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(page.get(at..at + 4)?.try_into().ok()?))
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0_u64;
    for index in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if index == 8 {
            return Some((number << 8) | u64::from(byte));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_of_every_type_reads_back() {
        let payload = [
            8,
            0,
            8,
            9,
            1,
            2,
            13 + 4,
            12 + 4, // header: seven types
            0xff,
            0x01,
            0x00,
            b'a',
            b'b',
            1,
            2,
        ];
        let read = values(&payload).expect("a record");
        assert_eq!(
            read,
            [
                Value::Null,
                Value::Integer(0),
                Value::Integer(1),
                Value::Integer(-1),
                Value::Integer(256),
                Value::Text(b"ab".to_vec()),
                Value::Blob(vec![1, 2]),
            ]
        );
        for len in 0..payload.len() {
            assert_eq!(values(&payload[..len]), None, "cut at {len}");
        }
    }

    #[test]
    fn pages_of_noise_are_read_without_a_panic() {
        let mut state = 1_u32;
        for round in 0..2_000_u32 {
            let mut page: Vec<u8> = (0..4096)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            page[0] = [0x0d, 0x05, 0x0a, 0x02][round as usize % 4];
            let node = node(&page, 2 + round).expect("a tree's page by its first byte");
            for cell in node.cells {
                let _ = values(&page[cell.local]);
            }
        }
    }
}
