//! Tables and indexes of a damaged database: from their roots as far as the pages are proved,
//! and the pages that no way leads to any more, by the shape of what stands in them.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::storage::StoreError;
use crate::storage::salvage::pages::Pages;
use crate::storage::salvage::record::{Kind, Node, Value, long, node, values};

/// A table or an index as its records are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    /// The table's name, or the index's.
    pub(super) name: String,
    /// The columns in the order in which a record has them.
    pub(super) columns: Vec<Column>,
    /// True when its rows have numbers.
    pub(super) has_rowid: bool,
    /// True for an index, whose records repeat what a table holds.
    pub(super) is_index: bool,
}

/// A column of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name; nothing for the row's number at the end of an index.
    pub(super) name: Option<String>,
    kind: String,
    is_needed: bool,
    /// True when the row's number stands for it and its place in the record is empty.
    pub(super) is_rowid: bool,
}

/// A row: its number, where it has one, and its values.
pub(super) type Row = (Option<i64>, Vec<Value>);

impl Tree {
    /// The trees of a sound database with the same schema.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn all(template: &Connection) -> Result<Vec<Self>, StoreError> {
        let mut tables = template.prepare(
            "SELECT name, wr FROM pragma_table_list
             WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?;
        let tables = tables
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<Vec<(String, bool)>, _>>()?;
        let mut trees = Vec::new();
        for (table, is_without_rowid) in tables {
            let columns = columns_of(template, &table)?;
            let mut indexes = template.prepare("SELECT name, origin FROM pragma_index_list(?1)")?;
            let indexes = indexes
                .query_map([&table], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<Vec<(String, String)>, _>>()?;
            for (index, origin) in indexes {
                let keys = index_columns(template, &index, &columns)?;
                let is_table = is_without_rowid && origin == "pk";
                trees.push(Self {
                    name: if is_table { table.clone() } else { index },
                    columns: keys,
                    has_rowid: false,
                    is_index: !is_table,
                });
            }
            if !is_without_rowid {
                trees.push(Self {
                    name: table,
                    columns,
                    has_rowid: true,
                    is_index: false,
                });
            }
        }
        Ok(trees)
    }

    /// True when a record can be one of this tree.
    fn fits(&self, row: &Row) -> bool {
        row.0.is_some() == self.has_rowid
            && row.1.len() == self.columns.len()
            && self.columns.iter().zip(&row.1).all(|(column, value)| {
                match (value, column.kind.as_str()) {
                    (Value::Null, _) => !column.is_needed || column.is_rowid,
                    (Value::Integer(_), kind) => kind == "INTEGER" || kind == "REAL",
                    (Value::Text(_), kind) => kind == "TEXT",
                    (Value::Blob(_), kind) => kind == "BLOB",
                    (Value::Real(_), kind) => kind == "REAL",
                }
            })
    }
}

fn columns_of(template: &Connection, table: &str) -> Result<Vec<Column>, StoreError> {
    let mut statement =
        template.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)")?;
    let rows = statement.query_map([table], |row| {
        let kind: String = row.get(1)?;
        let is_key: i64 = row.get(3)?;
        Ok(Column {
            name: row.get(0)?,
            is_rowid: kind == "INTEGER" && is_key == 1,
            is_needed: row.get(2)?,
            kind,
        })
    })?;
    let mut columns = rows.collect::<Result<Vec<_>, _>>()?;
    // Only a key of one column is the row's number.
    let mut keys = template.prepare("SELECT count(*) FROM pragma_table_info(?1) WHERE pk > 0")?;
    let keys: i64 = keys.query_row([table], |row| row.get(0))?;
    for column in &mut columns {
        column.is_rowid &= keys == 1;
    }
    Ok(columns)
}

fn index_columns(
    template: &Connection,
    index: &str,
    columns: &[Column],
) -> Result<Vec<Column>, StoreError> {
    let mut statement = template.prepare("SELECT name FROM pragma_index_xinfo(?1)")?;
    let names = statement.query_map([index], |row| row.get::<_, Option<String>>(0))?;
    let rowid = Column {
        name: None,
        kind: "INTEGER".to_owned(),
        is_needed: true,
        is_rowid: false,
    };
    let mut found = Vec::new();
    for name in names {
        let name = name?;
        let column = columns.iter().find(|column| column.name == name);
        found.push(column.map_or_else(
            || rowid.clone(),
            |column| Column {
                is_rowid: false,
                ..column.clone()
            },
        ));
    }
    Ok(found)
}

/// What was read of a tree.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Walk {
    /// Its rows, or keys.
    pub(super) rows: Vec<Row>,
    /// True when nothing was missing on the way.
    pub(super) is_whole: bool,
    /// The pages that were reached.
    seen: BTreeSet<u32>,
}

/// Reads a tree from its root.
///
/// - `is_older_allowed`: an older version of a page is better than none.
///
/// # Errors
/// [`StoreError::Io`].
pub(super) fn walk(pages: &Pages, root: u32, is_older_allowed: bool) -> Result<Walk, StoreError> {
    let mut walk = Walk {
        is_whole: true,
        ..Walk::default()
    };
    let mut todo = vec![root];
    while let Some(number) = todo.pop() {
        if !walk.seen.insert(number) {
            walk.is_whole = false;
            continue;
        }
        let mut page = pages.proved(number)?;
        if page.is_none() {
            walk.is_whole = false;
            if is_older_allowed {
                page = pages.last_proved(number)?;
            }
        }
        let Some((page, node)) = page.and_then(|page| {
            let node = node(&page, number)?;
            Some((page, node))
        }) else {
            walk.is_whole = false;
            continue;
        };
        walk.is_whole &= node.is_whole;
        walk.is_whole &= take(pages, &page, &node, &mut walk.rows)?;
        todo.extend(node.children);
    }
    Ok(walk)
}

/// The records of a page; false when one of them is not there whole.
fn take(pages: &Pages, page: &[u8], node: &Node, rows: &mut Vec<Row>) -> Result<bool, StoreError> {
    let mut is_whole = true;
    for cell in &node.cells {
        let payload = pages.payload(page, cell)?;
        match payload.as_deref().and_then(values) {
            Some(record) => rows.push((cell.rowid, record)),
            None => is_whole = false,
        }
    }
    Ok(is_whole)
}

/// The roots of the trees by name, as far as the schema can be read.
///
/// # Errors
/// [`StoreError::Io`].
pub(super) fn roots(pages: &Pages) -> Result<Vec<(String, u32)>, StoreError> {
    let schema = walk(pages, 1, true)?;
    let roots = schema.rows.into_iter().filter_map(|(_, row)| {
        let (Some(Value::Text(name)), Some(Value::Integer(root))) = (row.get(1), row.get(3)) else {
            return None;
        };
        Some((
            String::from_utf8(name.clone()).ok()?,
            u32::try_from(*root).ok()?,
        ))
    });
    Ok(roots.filter(|(_, root)| *root > 0).collect())
}

/// What stands in the first page about the whole: the schema's number.
///
/// # Errors
/// [`StoreError::Io`].
pub(super) fn user_version(pages: &Pages) -> Result<Option<u32>, StoreError> {
    Ok(pages.last_proved(1)?.and_then(|page| long(&page, 60)))
}

/// Proved pages that no walk has reached, as rows of the one tree of `trees` that they fit.
///
/// - Returns for each tree, in order, the rows that were found in such pages.
///
/// # Errors
/// [`StoreError::Io`].
pub(super) fn strays(
    pages: &Pages,
    trees: &[Tree],
    walks: &[Walk],
) -> Result<Vec<Vec<Row>>, StoreError> {
    let mut reached: BTreeSet<u32> = walks.iter().flat_map(|walk| &walk.seen).copied().collect();
    reached.extend(free_pages(pages)?);
    reached.insert(1);
    let mut found = vec![Vec::new(); trees.len()];
    for number in pages.proved_numbers().filter(|n| !reached.contains(n)) {
        let Some(page) = pages.proved(number)? else {
            continue;
        };
        let Some(node) = node(&page, number) else {
            continue;
        };
        if node.kind == Kind::TableInterior || !node.is_whole || node.cells.is_empty() {
            continue;
        }
        let mut rows = Vec::new();
        take(pages, &page, &node, &mut rows)?;
        let mut fitting = (0..trees.len())
            .filter(|at| !rows.is_empty() && rows.iter().all(|row| trees[*at].fits(row)));
        // What could be one thing or another is taken for neither.
        if let (Some(at), None) = (fitting.next(), fitting.next())
            && !walks[at].is_whole
        {
            found[at].append(&mut rows);
        }
    }
    Ok(found)
}

/// The pages that the database had given up: what stands in them counts no more.
fn free_pages(pages: &Pages) -> Result<BTreeSet<u32>, StoreError> {
    let mut free = BTreeSet::new();
    let first = pages.last_proved(1)?.and_then(|page| long(&page, 32));
    let mut trunk = first.filter(|number| *number != 0);
    while let Some(number) = trunk {
        if !free.insert(number) {
            break;
        }
        let Some(page) = pages.proved(number)? else {
            break;
        };
        let count = long(&page, 4)
            .unwrap_or(0)
            .min(super::page::USABLE as u32 / 4 - 2);
        for index in 0..count as usize {
            free.extend(long(&page, 8 + 4 * index));
        }
        trunk = long(&page, 0).filter(|number| *number != 0);
    }
    Ok(free)
}
