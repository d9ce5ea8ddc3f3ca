//! Wordings that are understood, and those that are refused.

use super::*;
use proptest::prelude::*;

fn span(wording: &str) -> Span {
    match Limit::parse(wording) {
        Ok(limit) => limit.span(),
        Err(error) => panic!("{error}"),
    }
}

fn hours(count: u64) -> u64 {
    count * HOUR_MS
}

#[test]
fn parse_understands_every_wording_of_the_domain() {
    let bare = |ms| Span::Bare { ms };
    let working = |ms| Span::Working { ms };
    let continuous = |ms| Span::Continuous { ms };
    let days = |millionths| Span::WorkingDays { millionths };
    for (wording, expected) in [
        ("4小时", bare(hours(4))),
        ("4个小时", bare(hours(4))),
        ("30分钟", bare(hours(1) / 2)),
        (
            "2天",
            Span::BareDays {
                millionths: 2 * ONE,
            },
        ),
        (
            "2日",
            Span::BareDays {
                millionths: 2 * ONE,
            },
        ),
        ("2工作时", working(hours(2))),
        ("2个工作时", working(hours(2))),
        ("0.5工作小时", working(hours(1) / 2)),
        ("5工作日", days(5 * ONE)),
        ("5个工作日", days(5 * ONE)),
        ("1.5工作日", days(1_500_000)),
        ("2紧急工作时", continuous(hours(2))),
        ("1紧急工作时制止", continuous(hours(1))),
        ("2紧急工作日", continuous(hours(48))),
        ("紧急2小时", continuous(hours(2))),
        ("2小时（紧急）", continuous(hours(2))),
        ("30紧急分钟", continuous(hours(1) / 2)),
        ("3自然日", continuous(hours(72))),
        ("3个自然日", continuous(hours(72))),
        ("１５ 个 工作日", days(15 * ONE)),
        ("\u{3000}０．５小时\n", bare(hours(1) / 2)),
        ("0.50小时", bare(hours(1) / 2)),
        ("3工作日内修复", days(3 * ONE)),
        ("2工作时以内处理完毕", working(hours(2))),
    ] {
        assert_eq!(span(wording), expected, "{wording}");
    }
}

/// Column 处置时限 of Yuncheng's list, every distinct value.
#[test]
fn parse_understands_every_wording_of_a_real_list() {
    for days in [1, 2, 3, 4, 5, 7, 10, 15] {
        let expected = Span::BareDays {
            millionths: days * ONE,
        };
        assert_eq!(span(&format!("{days}天")), expected);
    }
    for count in [2, 4] {
        let ms = hours(count);
        assert_eq!(span(&format!("{count}小时")), Span::Bare { ms });
    }
    for count in [1, 2, 4] {
        let ms = hours(count);
        assert_eq!(span(&format!("{count}紧急工作时")), Span::Continuous { ms });
    }
}

#[test]
fn parse_keeps_the_wording() {
    let limit = Limit::parse(" ２ 工作时 ").expect("a limit");
    assert_eq!(limit.wording(), "２ 工作时");
}

#[test]
fn parse_refuses_what_could_mean_two_things() {
    for wording in [
        "1天或2天",
        "1天2小时",
        "2小时30分钟",
        "1-2天",
        "3天以上",
        "4",
        "小时",
        "4时",
        "-1天",
        "+1天",
        ".5天",
        "5.天",
        "1e3天",
        "1,000天",
        "尽快",
        "紧急",
        "2紧急",
        "2紧急紧急小时",
        "2工作时明天",
        "2個小時",
        "4h",
        "1..5天",
    ] {
        let error = Limit::parse(wording).expect_err(wording);
        assert_eq!(
            error,
            LimitError::Unknown {
                wording: wording.to_owned()
            }
        );
        assert!(error.to_string().contains(wording), "{error}");
    }
    assert_eq!(Limit::parse(" \u{3000}"), Err(LimitError::Empty));
    let long = Limit::parse(&"长".repeat(1_000)).expect_err("too long");
    assert!(long.to_string().chars().count() < 200, "{long}");
}

#[test]
fn parse_says_what_would_be_right_for_halves_words_and_months() {
    for (wording, right) in [
        ("3个半小时", "210分钟 or 3.5小时"),
        ("３ 个半 小时", "210分钟 or 3.5小时"),
        ("3小时半", "210分钟 or 3.5小时"),
        ("半小时", "30分钟 or 0.5小时"),
        ("半个小时", "30分钟 or 0.5小时"),
        ("半天", "0.5天"),
        ("2天半", "2.5天"),
        ("半个工作日", "0.5工作日"),
        ("1个半紧急工作时", "1.5紧急工作时"),
        ("两小时", "2小时"),
        ("三天", "3天"),
        ("十五个工作日内", "15工作日"),
        ("二十四小时", "24小时"),
        ("十天", "10天"),
        ("三个半小时", "210分钟 or 3.5小时"),
        ("1个月", "30自然日 or 22工作日"),
        ("一周", "7自然日 or 5工作日"),
    ] {
        let expected = LimitError::Inexact {
            wording: wording.to_owned(),
            instead: right.to_owned(),
        };
        assert_eq!(Limit::parse(wording), Err(expected), "{wording}");
        for part in right.split(" or ") {
            assert!(Limit::parse(part).is_ok(), "{part}");
        }
    }
}

#[test]
fn parse_refuses_just_outside_each_bound() {
    let wording = |text: &str| text.to_owned();
    assert!(matches!(
        Limit::parse("0.000小时"),
        Err(LimitError::Zero { .. })
    ));
    assert!(Limit::parse("3650天").is_ok());
    assert!(Limit::parse("87600紧急工作时").is_ok());
    for text in ["3650.000001天", "87600.01小时", "99999999999999999999999天"] {
        let expected = LimitError::TooLong {
            wording: wording(text),
        };
        assert_eq!(Limit::parse(text), Err(expected));
    }
    assert_eq!(span("0.0001小时"), Span::Bare { ms: 360 });
    assert_eq!(span("0.000001天"), Span::BareDays { millionths: 1 });
    for text in ["0.000001小时", "0.0000001天", "0.000001自然日"] {
        let expected = LimitError::TooFine {
            wording: wording(text),
        };
        assert_eq!(Limit::parse(text), Err(expected));
    }
}

proptest! {
    #[test]
    fn parse_never_panics(text in "[0-9０-９.．个半两三十月周紧急工作自然小时日天分钟内制止 （）a-z]{0,20}") {
        let _ = Limit::parse(&text);
    }

    #[test]
    fn parse_reads_decimals_exactly(millionths in 1_u64..1_000_000_000) {
        let text = format!("{}.{:06}工作日", millionths / ONE, millionths % ONE);
        prop_assert_eq!(span(&text), Span::WorkingDays { millionths });
    }
}
