use std::io::Write as _;

use bading_core::services::duty_file::{DutyReading, any_limit, csv_table, read_duty_tables};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const SHEET_HEAD: &str =
    r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#;
/// Format 1 shows a date, format 2 a duration.
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[h]:mm"/></numFmts>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;

/// A workbook of the fewest parts that make one, with these worksheets and further parts.
fn workbook(sheets: &[(&str, String)], more: &[(&str, &str)]) -> Vec<u8> {
    let mut listed = String::new();
    let mut related = String::new();
    let mut parts = vec![(
        "_rels/.rels".to_owned(),
        r#"<Relationships><Relationship Id="r" Type="http://x/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned(),
    )];
    for (index, (name, content)) in sheets.iter().enumerate() {
        listed += &format!(r#"<sheet name="{name}" sheetId="{index}" r:id="r{index}"/>"#);
        related += &format!(
            r#"<Relationship Id="r{index}" Type="http://x/relationships/worksheet" Target="worksheets/{index}.xml"/>"#
        );
        parts.push((
            format!("xl/worksheets/{index}.xml"),
            format!("{SHEET_HEAD}{content}</worksheet>"),
        ));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!("<workbook><sheets>{listed}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships>{related}</Relationships>"),
    ));
    let more = more
        .iter()
        .map(|(name, content)| ((*name).to_owned(), (*content).to_owned()));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts.into_iter().chain(more) {
        zip.start_file(name, SimpleFileOptions::default())
            .and_then(|()| Ok(zip.write_all(content.as_bytes())?))
            .expect("memory takes it");
    }
    zip.finish().expect("memory takes it").into_inner()
}

/// A worksheet: the XML of its rows, then its merged regions.
fn sheet(rows: &str, merges: &[&str]) -> String {
    let merges: String = merges
        .iter()
        .map(|region| format!(r#"<mergeCell ref="{region}"/>"#))
        .collect();
    format!("<sheetData>{rows}</sheetData><mergeCells>{merges}</mergeCells>")
}

fn text(at: &str, text: &str) -> String {
    format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn read_one(content: String) -> Result<Vec<(u64, Vec<String>)>, XlsxTableError> {
    let tables = read_xlsx_tables(&workbook(&[("a", content)], &[("xl/styles.xml", STYLES)]))?;
    Ok(tables.into_iter().flat_map(|table| table.rows).collect())
}

/// The bytes of a shared file, or nothing, said aloud, where the data is absent.
fn shared(path: &str) -> Option<Vec<u8>> {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("BADING_DATA").map_or_else(beside, Into::into);
    let bytes = std::fs::read(root.join(path)).ok();
    if bytes.is_none() {
        eprintln!("skipped: {path} is not in BADING_DATA or ../shared/data");
    }
    bytes
}

fn told(reading: &DutyReading) -> Vec<String> {
    reading.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_kind_of_cell_becomes_text() {
    let rows = read_one(sheet(
        r#"<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>1.5</v></c><c r="C2" t="b"><v>1</v></c>
        <c r="D2" s="1"><v>45658</v></c><c r="E2" s="1"><v>45658.5</v></c>
        <c r="F2" s="2"><v>1.0625</v></c><c r="H2" t="str"><v>01</v></c><c r="I2" t="e"><v>#N/A</v></c></row>"#,
        &[],
    ));
    let wanted = [
        "1",
        "1.5",
        "TRUE",
        "2025-01-01",
        "2025-01-01 12:00:00",
        "25:30",
        "",
        "01",
        "#N/A",
    ];
    assert_eq!(rows, Ok(vec![(2, wanted.map(str::to_owned).to_vec())]));
}

#[test]
fn merged_regions_are_filled_in_every_sheet() {
    let first = sheet(
        &format!(
            r#"<row r="1">{}{}</row><row r="2">{}</row><row r="4">{}</row>"#,
            text("A1", "above"),
            text("B1", "x"),
            text("B2", "y"),
            text("B4", "z")
        ),
        &["A1:A4", "C1:D9"],
    );
    let second = sheet(&format!(r#"<row r="1">{}</row>"#, text("A1", "other")), &[]);
    let book = workbook(&[("部件", first), ("事件", second)], &[]);
    let tables = read_xlsx_tables(&book).expect("a workbook");
    let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        tables,
        [
            Table {
                sheet: "部件".to_owned(),
                rows: vec![
                    (1, row(&["above", "x"])),
                    (2, row(&["above", "y"])),
                    (4, row(&["above", "z"]))
                ],
            },
            Table {
                sheet: "事件".to_owned(),
                rows: vec![(1, row(&["other"]))],
            },
        ]
    );
}

#[test]
fn file_that_is_no_workbook_is_told_apart() {
    let error = |bytes: &[u8]| read_xlsx_tables(bytes).expect_err("no workbook");
    assert_eq!(error(b""), XlsxTableError::NotXlsx);
    assert_eq!(error(b"PK\x03\x04rest"), XlsxTableError::NotXlsx);
    assert_eq!(
        error(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        XlsxTableError::NotOpen
    );
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a.txt", SimpleFileOptions::default())
        .expect("memory takes it");
    let zip = zip.finish().expect("memory takes it").into_inner();
    assert!(matches!(error(&zip), XlsxTableError::Damaged(_)));
    let size_bytes = MAX_XLSX_BYTES + 1;
    assert_eq!(
        error(&vec![b'P'; size_bytes]),
        XlsxTableError::TooLarge { size_bytes }
    );
}

#[test]
fn part_that_unpacks_beyond_the_limit_is_refused() {
    // Parts that no sheet names count as well: one of them is enough.
    let blank = " ".repeat(MAX_UNPACKED_BYTES);
    let bomb = workbook(&[("a", sheet("", &[]))], &[("bomb.xml", &blank)]);
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    assert_eq!(
        read_xlsx_tables(&bomb),
        Err(XlsxTableError::TooMuchUnpacked)
    );
}

#[test]
fn cells_are_counted_with_those_that_stand_empty_and_those_that_merges_fill() {
    let far = |count: usize| -> String {
        let row = |r| format!(r#"<row r="{r}">{}</row>"#, text(&format!("XFD{r}"), "x"));
        (1..=count).map(row).collect()
    };
    // 61 rows as wide as a sheet can be are 999,424 cells.
    assert!(read_one(sheet(&far(61), &[])).is_ok());
    assert_eq!(
        read_one(sheet(&far(62), &[])),
        Err(XlsxTableError::TooManyCells)
    );
    let corners = format!(
        r#"<row r="1">{}</row><row r="1048576">{}</row>"#,
        text("A1", "x"),
        text("XFD1048576", "x")
    );
    assert!(read_one(sheet(&corners, &["A1:XFD1048576"])).is_ok());
    assert_eq!(
        read_one(sheet(&far(31), &["XFD1:XFD31", "A1:B1"])).map(|rows| rows.len()),
        Ok(31)
    );
    let all = vec!["A1:XFD1048576"; 31];
    assert_eq!(
        read_one(sheet(&corners, &all)),
        Err(XlsxTableError::TooManyCells)
    );
    // One long text in many cells is long many times.
    let long = text("A1", &"长".repeat(MAX_UNPACKED_BYTES / 30));
    let rows: String = (2..=12)
        .map(|r| format!(r#"<row r="{r}">{}</row>"#, text(&format!("A{r}"), "x")))
        .collect();
    let rows = format!(r#"<row r="1">{long}</row>{rows}"#);
    assert_eq!(
        read_one(sheet(&rows, &["A1:A12"])),
        Err(XlsxTableError::TooMuchUnpacked)
    );
}

#[test]
fn too_many_sheets_are_refused() {
    let sheets = |count| vec![("a", sheet("", &[])); count];
    assert!(read_xlsx_tables(&workbook(&sheets(MAX_SHEETS), &[])).is_ok());
    let count = MAX_SHEETS + 1;
    assert_eq!(
        read_xlsx_tables(&workbook(&sheets(count), &[])),
        Err(XlsxTableError::TooManySheets { count })
    );
}

#[test]
fn part_that_would_grow_in_memory_is_refused_before_the_reader_sees_it() {
    let refused = |name: &str, part: &str| {
        let book = workbook(&[("a", sheet("", &[]))], &[(name, part)]);
        matches!(read_xlsx_tables(&book), Err(XlsxTableError::Damaged(_)))
    };
    let strings = |count| format!(r#"<sst uniqueCount="{count}"><si><t>x</t></si></sst>"#);
    assert!(!refused("xl/sharedStrings.xml", &strings(1)));
    assert!(refused(
        "xl/SharedStrings.xml",
        &strings(999_999_999_999_999_u64)
    ));
    let font = |bytes| {
        format!(
            r#"<styleSheet><font><name val="{}"/></font></styleSheet>"#,
            "x".repeat(bytes)
        )
    };
    assert!(!refused("xl/styles.xml", &font(2000)));
    assert!(refused("xl/styles.xml", &font(2048)));
    let formats = format!(
        "<styleSheet>{}</styleSheet>",
        "<xf/>".repeat(MAX_FORMATS + 1)
    );
    assert!(refused("xl/styles.xml", &formats));
}

#[test]
fn merge_that_ends_before_it_begins_is_damage_and_no_panic() {
    let rows = format!(r#"<row r="1">{}</row>"#, text("A1", "x"));
    for region in ["B5:A1", "A5:B1"] {
        let read = read_one(sheet(&rows, &[region]));
        assert!(matches!(read, Err(XlsxTableError::Damaged(_))), "{read:?}");
    }
}

#[test]
fn damaged_workbook_is_read_or_refused() {
    let seed = std::env::var("BADING_TEST_SEED").ok();
    let mut state: u64 = seed.map_or(20_260_302, |s| s.parse().expect("a number"));
    eprintln!("mutations of a workbook: BADING_TEST_SEED={state}");
    let mut below = |end: usize| {
        // SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    };
    let tokens = [
        "A0",
        "1048577",
        "-1",
        "99999999999",
        "<",
        "\"",
        "t=\"s\"",
        "&#0;",
        "XFE1",
        ":",
    ];
    let rows = format!(
        r#"<row r="1">{}</row><row r="2"><c r="A2" s="1"><v>45658</v></c><c r="B2" t="s"><v>0</v></c></row>"#,
        text("A1", "above")
    );
    let content = sheet(&rows, &["A1:B2", "C1:C2"]);
    let (mut read, mut refused) = (0, 0);
    for round in 0..800 {
        // Half the damage meets the XML behind sound checksums, half the zip around it.
        let bytes = if round % 2 == 0 {
            let mut damaged = content.clone().into_bytes();
            for _ in 0..=below(3) {
                let at = below(damaged.len());
                let end = (at + below(6)).min(damaged.len());
                damaged.splice(at..end, tokens[below(tokens.len())].bytes());
            }
            let damaged = String::from_utf8(damaged).expect("ASCII");
            let strings = "<sst uniqueCount=\"1\"><si><t>x</t></si></sst>";
            let parts = [("xl/styles.xml", STYLES), ("xl/sharedStrings.xml", strings)];
            workbook(&[("a", damaged)], &parts)
        } else {
            let mut bytes = workbook(&[("a", content.clone())], &[("xl/styles.xml", STYLES)]);
            for _ in 0..=below(4) {
                let at = below(bytes.len());
                bytes[at] = below(256) as u8;
            }
            bytes.truncate(bytes.len() - below(3) * below(40));
            bytes
        };
        match read_xlsx_tables(&bytes) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 40 && refused > 40, "{read} read, {refused} refused");
}

/// Counted from the sheet's XML by other means (Python's zipfile and ElementTree): rows 1
/// to 377, of which 1 is the title and 2 the header, so 375 of data; 359 merged regions, one
/// of them the title's; with the rest filled no cell is empty. 92 pairs of big and small
/// class, 5 big classes; no row stands twice, no name has two codes and no code two names.
#[test]
fn every_row_of_a_citys_workbook_is_understood() {
    let Some(bytes) = shared("duty/yuncheng_components.xlsx") else {
        return;
    };
    let tables = read_xlsx_tables(&bytes).expect("a sound workbook");
    assert_eq!(tables.len(), 1);
    assert_eq!(tables[0].sheet, "部件");
    assert_eq!(tables[0].rows.len(), 377);
    let holes = tables[0].rows[1..]
        .iter()
        .filter(|(_, cells)| cells.len() != 9 || cells.iter().any(|cell| cell.trim().is_empty()));
    assert_eq!(holes.count(), 0);
    let reading = read_duty_tables(&tables, any_limit).expect("a list");
    assert_eq!(told(&reading), [""; 0]);
    let entries = &reading.list.entries;
    assert_eq!(entries.len(), 375);
    let count = |of: fn(&bading_core::model::duty::DutyEntry) -> &str| {
        let all: std::collections::BTreeSet<&str> = entries.iter().map(of).collect();
        all.len()
    };
    assert_eq!(count(|entry| entry.class.as_str()), 92);
    assert_eq!(count(|entry| &entry.major_code), 5);
    assert!(entries.iter().all(|entry| entry.class.as_str().len() == 4));
    // Row 4 has nothing of its own but condition, closing and limit; its codes are numbers.
    assert_eq!(entries[1].class.as_str(), "0101");
    assert_eq!(entries[1].name, "上水井盖");
    assert_eq!(entries[1].departments.len(), 2);
    assert_eq!(entries[1].limit, "4小时");
    // Row 279: a name and a department that wrap inside their cells.
    assert_eq!(entries[276].name, "烟头收集器或灭烟处");
    assert_eq!(
        entries[276].departments,
        ["运城市市容环卫中心", "运城市园林绿化服务中心"]
    );
}

/// The list's own errors, as its README counts them: two codes with one name, and one row
/// whose parent does not exist. 185 rows of data.
#[test]
fn known_errors_of_a_districts_list_are_named() {
    let Some(bytes) = shared("categories/beijing_chaoyang_components_events.csv") else {
        return;
    };
    let tables = [csv_table(&bytes).expect("UTF-8 CSV")];
    let reading = read_duty_tables(&tables, any_limit).expect("a list");
    assert_eq!(
        told(&reading),
        [
            "row 36, name: `燃气调压站（箱）` is class `100133` in row 34 already",
            "row 42, parent: `10011` is not a big class of the list",
        ]
    );
    assert_eq!(reading.list.entries.len(), 184);
}

/// Two rows of header with merged cells, numbers for codes, a merged limit and a note.
#[test]
fn other_citys_sheets_of_components_and_events_are_one_list() {
    let number = |at: &str, value: u32| format!(r#"<c r="{at}"><v>{value}</v></c>"#);
    let row =
        |number: u32, cells: &[String]| format!(r#"<row r="{number}">{}</row>"#, cells.concat());
    let parts = |code: &str, name: &str, more: &str| {
        let rows = [
            row(
                1,
                &[
                    text("A1", "小类"),
                    text("C1", "立案条件"),
                    text("D1", "处置时限"),
                ],
            ),
            row(2, &[text("A2", "代码"), text("B2", "名称")]),
            row(
                3,
                &[
                    number("A3", 101),
                    text("B3", code),
                    text("C3", "a"),
                    text("D3", "4小时"),
                ],
            ),
            row(4, &[text("C4", "b")]),
            row(
                5,
                &[
                    number("A5", 2101),
                    text("B5", name),
                    text("C5", "c"),
                    text("D5", more),
                ],
            ),
            row(6, &[text("A6", "注：试行。")]),
        ];
        let merges = [
            "A1:B1", "C1:C2", "D1:D2", "A3:A4", "B3:B4", "D3:D4", "A6:D6",
        ];
        sheet(&rows.concat(), &merges)
    };
    let book = workbook(
        &[
            ("部件", parts("井盖", "杆", "2天")),
            ("事件", parts("垃圾", "积水", "3个半小时")),
        ],
        &[("xl/styles.xml", STYLES)],
    );
    let tables = read_xlsx_tables(&book).expect("a workbook");
    let check = |limit: &str| (limit == "3个半小时").then(|| format!("`{limit}` is no limit"));
    let reading = read_duty_tables(&tables, check).expect("a list");
    assert_eq!(
        told(&reading),
        ["sheet 事件, row 5, limit: `3个半小时` is no limit"]
    );
    let entries = reading.list.entries.iter();
    let said: Vec<_> = entries
        .map(|e| (e.class.as_str(), &*e.name, &*e.limit))
        .collect();
    assert_eq!(
        said,
        [
            ("100101", "井盖", "4小时"),
            ("100101", "井盖", "4小时"),
            ("102101", "杆", "2天"),
            ("200101", "垃圾", "4小时"),
            ("200101", "垃圾", "4小时"),
        ]
    );
    assert_eq!(reading.notes.len(), 3);
}
