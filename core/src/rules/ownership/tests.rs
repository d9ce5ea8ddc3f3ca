use super::*;

const TABLE: &str = "小类代码,网格,权属,处置单位,依据\n\
    0101*,310101,,市政公司,三定方案\n\
    010103,310101001*,自来水,水务公司,\n\
    ,,,城管委,\n";

fn refusal(text: &str) -> String {
    read_ownership(text.as_bytes())
        .expect_err("the text is wrong")
        .to_string()
}

#[test]
fn table_is_read_by_chinese_or_english_names_and_returns_from_its_pack() {
    let table = read_ownership(TABLE.as_bytes()).expect("a good table");
    let rules = table.rules();
    assert_eq!(rules.len(), 3);
    assert_eq!(rules[0].class.to_string(), "0101*");
    assert_eq!((rules[0].row, &*rules[0].reason), (2, "三定方案"));
    assert_eq!((&*rules[1].grid, &*rules[1].owner), ("310101001", "自来水"));
    assert_eq!(rules[2].class, ClassPattern::Any);
    assert_eq!(Ownership::from_pack(&table.to_pack()), Ok(table));
}

#[test]
fn pack_has_one_form() {
    let table = read_ownership(b"class,grid,owner,department\n0101*,,,A\n").expect("a good table");
    assert_eq!(
        String::from_utf8(table.to_pack()).expect("text"),
        r#"{"format":"bading/ownership/1","rules":[{"row":2,"class":"0101*","department":"A"}]}"#
    );
}

#[test]
fn each_refusal_names_row_and_field() {
    let head = "class,grid,owner,department\n";
    for (rows, wanted) in [
        ("", "the table has no rules"),
        (
            "0*1,,,A\n",
            "row 2, class: `0*1`: a `*` stands only at the end, as in 0101*",
        ),
        (
            "01,网,,A\n",
            "row 2, grid: grid code has a character that it may not have",
        ),
        (
            "01,,,\n",
            "row 2, department: empty; the department that repairs it should stand there",
        ),
        (
            "01,,,A\n02,,,A\n01,,,B\n",
            "row 4: asks the same class, grid and owner as row 2 (class 01, any grid, any owner)",
        ),
        ("01,,A\n", "row 2: 3 fields where the header has 4"),
    ] {
        let said = refusal(&format!("{head}{rows}"));
        assert!(said.starts_with(wanted), "{said}");
    }
    let long = refusal(&format!("{head}01,,{},A\n", "主".repeat(65)));
    assert!(long.starts_with("row 2, owner: `主"), "{long}");
    assert_eq!(
        refusal("class,grid,department\n"),
        "header: no column `owner` (or 权属, 权属单位, 产权单位)"
    );
    let other = Ownership::from_pack(br#"{"format":"x","rules":[]}"#).expect_err("another format");
    assert!(other.to_string().contains("not `bading/ownership/1`"));
}
