//! The table of ownership as a city keeps it (CSV) and as a hub keeps it (a pack of JSON).

use serde::{Deserialize, Serialize};

use super::{MAX_FILE_BYTES, Ownership, OwnershipError, OwnershipRule, RuleFields};
use crate::geo::excerpt::excerpt;
use crate::geo::table::Table;

/// The name of the format and its version.
const FORMAT: &str = "bading/ownership/1";

/// A pack names all columns in each rule, so that it may be larger than its file.
const MAX_PACK_BYTES: usize = 4 * MAX_FILE_BYTES;

/// Reads a city's table.
///
/// - `bytes`: CSV in UTF-8, its columns found by name: `class` (小类代码; a code, the
///   beginning of codes as `0101*`, or empty for any), `grid` (网格; the beginning of cells'
///   codes, or empty), `owner` (权属; or empty), `department` (处置单位), and where wanted
///   `reason` (依据).
///
/// # Errors
/// [`OwnershipError`] names row, field and what would be right.
pub fn read_ownership(bytes: &[u8]) -> Result<Ownership, OwnershipError> {
    let size_bytes = bytes.len();
    if size_bytes > MAX_FILE_BYTES {
        return Err(OwnershipError::TooLarge { size_bytes });
    }
    let mut table = Table::open(bytes, 2)?;
    let class = table.need(&["class", "小类代码", "小类", "类别代码", "代码"])?;
    let grid = table.need(&[
        "grid",
        "网格",
        "网格代码",
        "网格编码",
        "单元网格",
        "单元网格代码",
    ])?;
    let owner = table.need(&["owner", "权属", "权属单位", "产权单位"])?;
    let department = table.need(&[
        "department",
        "处置单位",
        "处置部门",
        "责任单位",
        "责任部门",
        "部门",
    ])?;
    let reason = table.find(&["reason", "basis", "依据", "理由", "原因"])?;
    let mut rules = Vec::new();
    while let Some(row) = table.advance()? {
        let fields = RuleFields {
            class: table.field(Some(class)),
            grid: table.field(Some(grid)),
            owner: table.field(Some(owner)),
            department: table.field(Some(department)),
            reason: table.field(reason),
        };
        rules.push(OwnershipRule::parse(row, fields)?);
    }
    Ownership::try_new(rules)
}

/// A case that is to be dispatched, as a file of many has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchRow {
    /// The row's `id` as it stands, or its number where the file has no such column.
    pub id: String,
    /// The small class, or nothing.
    pub class: String,
    /// The cell, or nothing.
    pub grid: String,
    /// The owner, or nothing.
    pub owner: String,
}

/// Reads the cases of a CSV with the columns `class`, `grid` and perhaps `id` and `owner`.
///
/// # Errors
/// [`OwnershipError::Table`] names the column or the row.
pub fn read_dispatch_rows(bytes: &[u8]) -> Result<Vec<DispatchRow>, OwnershipError> {
    let mut table = Table::open(bytes, 2)?;
    let class = table.need(&["class", "小类代码"])?;
    let grid = table.need(&["grid", "网格"])?;
    let owner = table.find(&["owner", "权属"])?;
    let id = table.find(&["id", "编号"])?;
    let mut rows = Vec::new();
    while let Some(row) = table.advance()? {
        let field = |column| table.field(column).to_owned();
        rows.push(DispatchRow {
            id: match id {
                Some(_) => field(id),
                None => row.to_string(),
            },
            class: field(Some(class)),
            grid: field(Some(grid)),
            owner: field(owner),
        });
    }
    Ok(rows)
}

#[derive(Serialize, Deserialize)]
struct Pack {
    format: String,
    rules: Vec<Entry>,
}

/// A rule as JSON has it: what is any is left out.
#[derive(Serialize, Deserialize)]
struct Entry {
    row: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    class: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    grid: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    owner: String,
    department: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
}

impl Ownership {
    /// The pack: canonical JSON of the format `bading/ownership/1`, rules in the file's order.
    #[must_use]
    pub fn to_pack(&self) -> Vec<u8> {
        let rules = self.rules().iter().map(|rule| Entry {
            row: rule.row,
            class: rule.class.to_string(),
            grid: rule.grid.clone(),
            owner: rule.owner.clone(),
            department: rule.department.to_string(),
            reason: rule.reason.clone(),
        });
        let pack = Pack {
            format: FORMAT.to_owned(),
            rules: rules.collect(),
        };
        serde_json::to_vec(&pack).expect("text and numbers are always JSON")
    }

    /// Reads a pack that [`Ownership::to_pack`] made, and checks it as a file is checked.
    ///
    /// # Errors
    /// [`OwnershipError::NotAPack`] for other bytes, else as [`read_ownership`].
    pub fn from_pack(bytes: &[u8]) -> Result<Self, OwnershipError> {
        let size_bytes = bytes.len();
        if size_bytes > MAX_PACK_BYTES {
            return Err(OwnershipError::TooLarge { size_bytes });
        }
        let pack: Pack = serde_json::from_slice(bytes)
            .map_err(|error| OwnershipError::NotAPack(error.to_string()))?;
        if pack.format != FORMAT {
            let found = excerpt(&pack.format);
            return Err(OwnershipError::NotAPack(format!(
                "its format is `{found}`, not `{FORMAT}`"
            )));
        }
        let rules = pack.rules.iter().map(|entry| {
            let fields = RuleFields {
                class: &entry.class,
                grid: &entry.grid,
                owner: &entry.owner,
                department: &entry.department,
                reason: &entry.reason,
            };
            OwnershipRule::parse(entry.row, fields)
        });
        Self::try_new(rules.collect::<Result<_, _>>()?)
    }
}
