use super::*;

fn read(json: &str) -> Result<Policy, PolicyError> {
    Policy::from_json(json.as_bytes())
}

#[test]
fn empty_policy_is_the_default_and_the_default_is_valid() {
    assert_eq!(read("{}"), Ok(Policy::default()));
}

#[test]
fn pack_reads_back_and_equal_policies_have_equal_bytes() {
    let a =
        read(r#"{"version":"x","quantity":[{"key":"km","quota":"8.50","weight_permille":1000}]}"#);
    let b = read(
        r#"{ "quantity":[{"weight_permille":1000,"quota":8.5,"key":"km","is_capped":true}],
             "schema":"bading/policy/1", "version":"x" }"#,
    );
    let (a, b) = (a.expect("valid"), b.expect("valid"));
    assert_eq!(a.to_pack(), b.to_pack());
    assert_eq!(Policy::from_json(&a.to_pack()), Ok(a.clone()));
    assert!(
        a.to_pack()
            .starts_with(br#"{"schema":"bading/policy/1","version":"x","#)
    );
    assert_eq!(a.quantity[0].quota.get(), 8_500);
}

#[test]
fn weights_that_sum_to_990_are_refused_with_the_sum_and_the_group() {
    let error = read(r#"{"verdict_permille":{"quality":340}}"#).expect_err("990");
    assert_eq!(
        error.to_string(),
        "verdict_permille: the weights sum to 990, they must sum to 1000 (10 are missing)"
    );
    let error = read(r#"{"quality_permille":{"check":201}}"#).expect_err("1001");
    assert_eq!(
        error.to_string(),
        "quality_permille: the weights sum to 1001, they must sum to 1000 (1 too many)"
    );
    let error = read(r#"{"quantity":[]}"#).expect_err("0");
    assert_eq!(
        error,
        PolicyError::Weights {
            group: "quantity".to_owned(),
            found: 0
        }
    );
    // A sum that wraps around in 32 bits to 1000 is no 1000.
    let wraps =
        r#"{"verdict_permille":{"coverage":4294967295,"time":1001,"quantity":0,"quality":0}}"#;
    assert!(read(wraps).is_err());
}

#[test]
fn unknown_fields_keys_and_schemas_are_refused() {
    for json in [
        r#"{"qualty_permille":{}}"#,
        r#"{"verdict_permille":{"coverge":250}}"#,
        r#"{"attendance":{"widen":30}}"#,
        r#"{"grades":{"A":9000,"B":7500,"C":6000,"D":4000,"E":0,"F":0}}"#,
        r#"{"quantity":[{"key":"photos","quota":1,"weight_permille":1000}]}"#,
        r#"{"schema":"bading/policy/2"}"#,
        r#"{"volume_profile":"part4"}"#,
        "[]",
        "",
    ] {
        assert!(matches!(read(json), Err(PolicyError::Form(_))), "{json}");
    }
}

#[test]
fn item_that_stands_twice_is_refused() {
    let json = r#"{"quantity":[{"key":"km","quota":1,"weight_permille":500},
                              {"key":"km","quota":1,"weight_permille":500}]}"#;
    assert_eq!(read(json), Err(PolicyError::RepeatedItem(QuotaKey::Km)));
}

#[test]
fn grades_that_overlap_or_leave_a_gap_are_refused() {
    let grades = |a, b, c, d, e| {
        read(&format!(
            r#"{{"grades":{{"A":{a},"B":{b},"C":{c},"D":{d},"E":{e}}}}}"#
        ))
    };
    assert!(grades(10_000, 3, 2, 1, 0).is_ok());
    assert!(matches!(
        grades(9_000, 9_000, 6_000, 4_000, 0),
        Err(PolicyError::GradesOverlap { better: "A", .. })
    ));
    assert!(matches!(
        grades(9_000, 7_500, 4_000, 6_000, 0),
        Err(PolicyError::GradesOverlap { better: "C", .. })
    ));
    assert_eq!(
        grades(9_000, 7_500, 6_000, 4_000, 1),
        Err(PolicyError::GradesGap(1))
    );
    assert!(grades(10_001, 7_500, 6_000, 4_000, 0).is_err());
}

#[test]
fn figures_just_outside_their_range_are_refused() {
    assert!(read(r#"{"loop_ratio_permille":1000}"#).is_ok());
    assert!(read(r#"{"loop_ratio_permille":1001}"#).is_err());
    assert!(read(r#"{"forged_photo_cap_hundredths":10001}"#).is_err());
    assert!(read(r#"{"near_duplicate_m":-1}"#).is_err());
    assert_eq!(read(r#"{"version":""}"#), Err(PolicyError::Version(0)));
    let long = format!(r#"{{"version":"{}"}}"#, "版".repeat(65));
    assert_eq!(read(&long), Err(PolicyError::Version(65)));
}

#[test]
fn limits_of_grades_are_those_of_the_model_by_default() {
    let limits = GradeLimits::default();
    for hundredths in 0..=10_000 {
        let score = Score::from_hundredths(hundredths).expect("in range");
        assert_eq!(limits.grade(score), score.grade());
    }
}
