use super::*;
use crate::model::identifiers::ClassCode;

const HEADER: &str = "大类代码,大类名称,小类代码,小类名称,处置单位,立案条件,处置时限\n";

fn read(csv: &str) -> DutyReading {
    let table = csv_table(csv.as_bytes()).expect("UTF-8 CSV");
    read_duty_tables(&[table], any_limit).expect("a header and rows")
}

fn told(reading: &DutyReading) -> Vec<String> {
    reading.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_column_below_a_title_reaches_its_field() {
    let reading = read(
        "标准（部件类）,,,,,,,,,,\n\
         大类代码,\"大类\n名称\",小类代码,小类名称,处置单位,主管部门,立案条件,结案条件,处置时限,required_photos,urgency\n\
         1,公用设施,3.0,\"雨水\n井盖\",\"甲、乙\n丙\",丁/戊,缺失,恢复,2紧急工作时,near far,高\n",
    );
    assert_eq!(told(&reading), [""; 0]);
    let [entry] = &reading.list.entries[..] else {
        panic!("one row: {reading:?}");
    };
    assert_eq!(entry.class.as_str(), "0103");
    assert_eq!(entry.name, "雨水井盖");
    assert_eq!((&*entry.major_code, &*entry.major_name), ("01", "公用设施"));
    assert_eq!(entry.departments, ["甲", "乙", "丙"]);
    assert_eq!(entry.supervising, ["丁", "戊"]);
    assert_eq!((&*entry.condition, &*entry.closing), ("缺失", "恢复"));
    assert_eq!((&*entry.limit, &*entry.urgency), ("2紧急工作时", "高"));
    assert_eq!(entry.required_photos, ["near", "far"]);
}

#[test]
fn empty_cells_mean_as_above_only_below_a_row_and_with_a_case_of_their_own() {
    let reading = read(&format!(
        "{HEADER}1,设施,1,井盖,甲,缺失,2天\n,,,,,破损,5天\n,,2,路灯,乙,不亮,1天\n,,,,乙,,\n,,,杆,乙,倒,1天\n"
    ));
    let codes: Vec<_> = reading
        .list
        .entries
        .iter()
        .map(|e| e.class.as_str())
        .collect();
    assert_eq!(codes, ["0101", "0101", "0102"]);
    assert_eq!(reading.list.entries[1].departments, ["甲"]);
    assert_eq!(reading.list.entries[2].major_name, "设施");
    // The fifth row has no case of its own, the sixth a name that is not the one above.
    let rows: Vec<_> = reading.problems.iter().map(|p| (p.row, p.field)).collect();
    assert_eq!(rows, [(5, "class"), (5, "name"), (6, "class")]);
    let class = ClassCode::parse("0101").expect("a code");
    assert_eq!(reading.list.find(&class).count(), 2);
}

#[test]
fn each_problem_names_row_and_field_and_leaves_its_row_out() {
    let reading = read(&format!(
        "{HEADER}1,设施,1,井盖,甲,缺失,2天\n\
         1,设施,1,井盖,甲,缺失,2天\n\
         1,设施,1,盖子,甲,破损,2天\n\
         1,设施,,无码,甲,破损,2天\n\
         1,设施,2,,甲,破损,2天\n\
         1,设备,1,井盖,甲,破损,3天\n\
         1,设施,3,杆,{},破损,2天\n",
        "长".repeat(65)
    ));
    assert_eq!(reading.list.entries.len(), 1);
    assert_eq!(
        told(&reading),
        [
            "row 3, row: the same as row 2",
            "row 4, name: class `0101` is `盖子` here and `井盖` in row 2",
            "row 5, class: class must have 1 to 32 characters, found 0",
            "row 6, name: empty",
            "row 7, major_name: class `0101` is of big class `设备` here and of `设施` in row 2",
            "row 8, departments: department must have 1 to 64 characters, found 65",
        ]
    );
}

#[test]
fn notices_keep_their_rows() {
    let reading = read(&format!(
        "{HEADER}1,设施,1,井盖,甲,缺失,2天\n1,设施,2,井盖,甲,缺失,2天\n1,设施,2,井盖,甲,破损,3天\n1,设施,3,灯,,不亮,1天\n"
    ));
    assert_eq!(reading.list.entries.len(), 4);
    assert!(reading.problems.iter().all(|p| p.is_notice));
    assert_eq!(
        told(&reading),
        [
            "row 3, name: `井盖` is class `0101` in row 2 already",
            "row 5, departments: no department",
        ]
    );
}

#[test]
fn limit_that_the_callback_refuses_is_named_in_its_words() {
    let csv = "class,name,limit\n1,a,2天\n2,b,soon\n3,c,\n";
    let table = csv_table(csv.as_bytes()).expect("UTF-8 CSV");
    let check = |limit: &str| (limit == "soon").then(|| format!("`{limit}` is no limit"));
    let reading = read_duty_tables(&[table], check).expect("a list");
    assert_eq!(told(&reading), ["row 3, limit: `soon` is no limit"]);
    assert_eq!(reading.list.entries.len(), 2);
}

#[test]
fn parent_that_is_no_big_class_is_named() {
    let reading = read(
        "code,major_code,minor_code,name,declared_parent\n100101,1001,01,a,1001\n100102,1001,02,b,10011\n200101,2001,1,c,1001\n200102,2001,03,d,2001\n",
    );
    assert_eq!(
        told(&reading),
        [
            "row 3, parent: `10011` is not a big class of the list",
            "row 4, parent: `1001` is not the row's big class `2001`",
            "row 5, minor_code: `03` is not the end of the row's code `200102`",
        ]
    );
}

#[test]
fn sheets_make_one_list_and_one_without_a_header_is_named() {
    let sheet = |name: &str, csv: &str| Table {
        sheet: name.to_owned(),
        ..csv_table(csv.as_bytes()).expect("UTF-8 CSV")
    };
    let tables = [
        sheet("甲", "class,name\n0101,井盖\nclass,name\n"),
        sheet("说明", "编制说明\n"),
        sheet("空", ""),
        sheet("乙", "class,name\n0101,垃圾\n"),
    ];
    let reading = read_duty_tables(&tables, any_limit).expect("two lists");
    assert_eq!(reading.list.entries.len(), 1);
    assert_eq!(
        told(&reading),
        [
            "sheet 说明, row 1, row: the sheet has no header with class and name: not read",
            "sheet 乙, row 2, name: class `0101` is `垃圾` here and `井盖` in sheet 甲, row 2",
        ]
    );
}

#[test]
fn file_without_a_header_names_the_likeliest_row_and_the_missing_column() {
    let error = |csv: &str| {
        let table = csv_table(csv.as_bytes()).expect("UTF-8 CSV");
        let read = read_duty_tables(&[table], any_limit);
        read.expect_err("no list").to_string()
    };
    assert_eq!(
        error("标准,,\n小类代码,处置时限\n1,2天\n"),
        "row 2: no column `name (or 小类名称)`"
    );
    assert_eq!(error(""), "row 1: no column `class (or code, 小类代码)`");
    assert_eq!(error("class,name\n,\n"), "the list has no entries");
    // The header may stand 20 rows down, and no further.
    let below = |notes: usize| format!("{}class,name\n1,x\n", "note\n".repeat(notes));
    assert_eq!(read(&below(19)).list.entries.len(), 1);
    assert!(error(&below(20)).starts_with("row 1: no column"));
}

#[test]
fn csv_rows_are_numbered_as_a_spreadsheet_numbers_them() {
    let numbers = |csv: &str| -> Vec<u64> {
        let table = csv_table(csv.as_bytes()).expect("UTF-8 CSV");
        table.rows.iter().map(|(row, _)| *row).collect()
    };
    assert_eq!(numbers("a,b\n1,\"x\ny\"\n\n2,z\n"), [1, 2, 4]);
    assert_eq!(numbers("\r\na,b\r\n1,\"x\r\ny\"\r\n\r\n\r\n2,z"), [2, 3, 6]);
    assert_eq!(numbers("a\r1\r\r2\r"), [1, 2, 4]);
    let error = csv_table(b"class,name\n\n1,\xff\n").expect_err("not UTF-8");
    assert_eq!(error.to_string(), "row 3, row: not UTF-8 CSV");
}

fn classes(reading: &DutyReading) -> Vec<&str> {
    let entries = reading.list.entries.iter();
    entries.map(|entry| entry.class.as_str()).collect()
}

#[test]
fn other_citys_names_of_columns_are_known_and_the_rest_is_told() {
    let reading = read(
        "序号,问题类型,大类,小类编码,小类,责任部门,行业主管部门,立案标准,结案标准,处理时限（小时）,紧急程度,拍照要求,扣分\n\
         1,部件,01公用设施,１,上水井盖,甲，乙、丙,丁,破损,修复,4,一般,近景、远景照片,2\n\
         2,部件,01公用设施,2,污水井盖,甲,丁,破损,修复,2紧急工作时,紧急,近景,2\n",
    );
    assert_eq!(told(&reading), [""; 0]);
    assert_eq!(classes(&reading), ["0101", "0102"]);
    let entry = &reading.list.entries[0];
    assert_eq!((&*entry.major_code, &*entry.major_name), ("01", "公用设施"));
    assert_eq!(entry.kind, "component");
    assert_eq!(entry.departments, ["甲", "乙", "丙"]);
    assert_eq!((&*entry.limit, &*entry.closing), ("4小时", "修复"));
    assert_eq!(entry.required_photos, ["near", "far"]);
    assert_eq!(reading.list.entries[1].limit, "2紧急工作时");
    assert_eq!(
        reading.ignored_columns,
        [(String::new(), "扣分".to_owned())]
    );
}

#[test]
fn two_rows_of_header_are_one() {
    let merged = "大类,大类,小类,小类,标准,标准\n代码,名称,代码,名称,立案条件,处置时限\n1,设施,1,井盖,缺失,2天\n";
    let flattened =
        "大类,,小类,,标准,\n代码,名称,代码,名称,立案条件,处置时限\n1,设施,1,井盖,缺失,2天\n";
    for csv in [merged, flattened] {
        let reading = read(csv);
        assert_eq!(told(&reading), [""; 0], "{csv}");
        let [entry] = &reading.list.entries[..] else {
            panic!("one row: {reading:?}");
        };
        assert_eq!((entry.class.as_str(), &*entry.name), ("0101", "井盖"));
        assert_eq!(
            (&*entry.major_name, &*entry.condition, &*entry.limit),
            ("设施", "缺失", "2天")
        );
    }
    // One name over two columns, and no second row.
    let reading = read("大类,大类,小类,小类,立案条件\n01,设施,01,井盖,缺失\n01,设施,02,灯,不亮\n");
    assert_eq!(classes(&reading), ["0101", "0102"]);
    assert_eq!(reading.list.entries[1].name, "灯");
}

#[test]
fn code_and_name_in_one_cell_are_told_apart() {
    let reading = read(
        "大类,小类,立案条件\n01公用设施,0101 上水井盖,破损\n01公用设施,0102、污水井盖,破损\n01公用设施,路灯,不亮\n",
    );
    assert_eq!(classes(&reading), ["0101", "0102"]);
    assert_eq!(reading.list.entries[1].name, "污水井盖");
    assert_eq!(reading.list.entries[1].major_name, "公用设施");
    assert_eq!(
        told(&reading),
        ["row 4, class: class must have 1 to 32 characters, found 0"]
    );
}

#[test]
fn notes_headings_and_sums_are_no_problems() {
    let reading = read(
        "小类代码,小类名称,立案条件,处置时限\n\
         一、部件类,,,\n0101,井盖,缺失,2天\n\
         二、事件类,二、事件类,二、事件类,二、事件类\n0201,垃圾,堆积,4小时\n\
         合计,,2,\n注：工作时按每日8小时计。,,,\n制表：张三,,审核：李四,\n",
    );
    assert_eq!(told(&reading), [""; 0]);
    let kinds: Vec<_> = reading
        .list
        .entries
        .iter()
        .map(|e| e.kind.as_str())
        .collect();
    assert_eq!(kinds, ["component", "event"]);
    let rows: Vec<_> = reading.notes.iter().map(|note| note.row).collect();
    assert_eq!(rows, [2, 4, 6, 7, 8]);
    assert_eq!(
        reading.notes[3].to_string(),
        "row 7: 注：工作时按每日8小时计。"
    );
}

#[test]
fn codes_that_components_and_events_share_are_told_apart_by_kind() {
    let sheet = |name: &str, csv: &str| Table {
        sheet: name.to_owned(),
        ..csv_table(csv.as_bytes()).expect("UTF-8 CSV")
    };
    let head = "大类代码,大类名称,小类代码,小类名称";
    let tables = [
        sheet("部件", &format!("{head}\n1,公用设施,1,井盖\n")),
        sheet(
            "事件",
            &format!("{head}\n1,市容环境,1,垃圾\n1,市容环境,2,积水\n"),
        ),
    ];
    let reading = read_duty_tables(&tables, any_limit).expect("two lists");
    assert_eq!(told(&reading), [""; 0]);
    assert_eq!(classes(&reading), ["100101", "200101", "200102"]);
    assert_eq!(reading.list.entries[2].major_code, "2001");
    assert_eq!((reading.notes.len(), reading.notes[0].row), (1, 0));
    // Without a clash the codes stay what they are.
    let reading = read_duty_tables(&tables[1..], any_limit).expect("one list");
    assert_eq!(classes(&reading), ["0101", "0102"]);
}

#[test]
fn limit_that_is_merged_over_conditions_holds_for_each() {
    let reading = read(&format!(
        "{HEADER}1,设施,1,井盖,甲,缺失,2天\n,,,,,破损,\n,,2,灯,乙,不亮,\n"
    ));
    let limits: Vec<_> = reading
        .list
        .entries
        .iter()
        .map(|e| e.limit.as_str())
        .collect();
    assert_eq!(limits, ["2天", "2天", ""]);
}

#[test]
fn tree_of_classes_gives_big_classes_and_names_a_parent_that_is_none() {
    let reading = read(
        "code,name,parent\n1001,公共设施,\n100101,井盖,1001\n100102,路灯,1002\n1003,道路,\n100301,路面,1003\n",
    );
    assert_eq!(classes(&reading), ["100101", "100301"]);
    assert_eq!(reading.list.entries[1].major_name, "道路");
    assert_eq!(
        told(&reading),
        ["row 4, parent: `1002` is not a big class of the list"]
    );
    // Where the parent is the only word on the big class, the codes tell a wrong one.
    let reading = read("code,name,parent\n100101,a,1001\n100102,b,1001\n100103,c,1009\n");
    assert_eq!(
        told(&reading),
        ["row 4, major_code: small class `100103` does not begin with its big class `1009`"]
    );
}

#[test]
fn bindings_to_role_qualification_and_cell_are_kept() {
    let reading =
        read("class,name,roles,资质,网格\n1,a,网格员、巡查员,燃气,310101001 310101002\n2,b,,,网\n");
    let entry = &reading.list.entries[0];
    assert_eq!(entry.roles, ["网格员", "巡查员"]);
    assert_eq!(
        (&entry.qualifications[..], entry.grids.len()),
        (&["燃气".to_owned()][..], 2)
    );
    assert_eq!(reading.problems.len(), 1);
    assert!(
        told(&reading)[0].starts_with("row 3, grids: `网`"),
        "{reading:?}"
    );
}
