//! What is conspicuous in a patrol's track, in words. A flag is for a person to judge; the page
//! says so.

use bading_core::geo::plausibility::{Evidence, Flag, Step};
use bading_core::model::time::UtcMs;
use bading_core::services::review::PatrolReview;

use super::html::Html;
use super::parts::View;
use super::text::{Arg, Text, metres, percent};

/// The flags of a patrol; nothing where it has none.
pub(super) fn write(html: &mut Html, view: &View<'_>, patrol: &PatrolReview) {
    if patrol.flags.is_empty() {
        return;
    }
    html.node("li", &[], |html| {
        html.leaf("span", &[], &view.text.get("flags-heading"));
        html.node("ul", &[("class", &"flags")], |html| {
            for flag in &patrol.flags {
                let told = told(view.text, flag, |at| view.instant(at));
                html.leaf("li", &[], &told);
            }
        });
    });
}

/// A flag with its figures in one sentence.
fn told(text: Text, flag: &Flag, instant: impl Fn(UtcMs) -> String) -> String {
    let word = Arg::Word;
    let whole = |m: f64| word(metres(m));
    let count = |n: u64| ("count", Arg::Count(n));
    let from = || ("from", word(instant(flag.from)));
    let to = || ("to", word(instant(flag.to)));
    let seconds = |s: f64| word(format!("{s:.0}"));
    match &flag.evidence {
        Evidence::Mock { count: n, share } => {
            let share = ("share", word(percent(*share)));
            text.with("flag-mock", [count(*n), share, from(), to()])
        }
        Evidence::Speed {
            count: n,
            cap_mps,
            fastest,
        } => {
            let cap = ("cap", word(format!("{cap_mps}")));
            let [moved, took] = figures(fastest);
            let at = ("at", word(instant(fastest.at)));
            text.with("flag-speed", [count(*n), cap, moved, took, at])
        }
        Evidence::Teleport { count: n, steps } => match steps.first() {
            Some(first) => {
                let [moved, took] = figures(first);
                let at = ("at", word(instant(first.at)));
                text.with("flag-teleport", [count(*n), moved, took, at])
            }
            // The flag has a step, unless a city lists none.
            None => text.with("flag-teleports", [count(*n)]),
        },
        Evidence::Backwards {
            count: n,
            largest_s,
        } => {
            let largest = ("largest", seconds(*largest_s));
            text.with("flag-backwards", [count(*n), largest, from(), to()])
        }
        Evidence::StraightLine {
            count: n,
            length_m,
            stretches,
        } => {
            let rms = stretches.iter().map(|s| s.rms_m).fold(0.0, f64::max);
            let length = ("length", whole(*length_m));
            let rms = ("rms", word(format!("{rms:.2}")));
            text.with("flag-straight-line", [count(*n), length, rms, from(), to()])
        }
        Evidence::EqualSteps {
            count: n,
            stretches,
        } => {
            let alike = |cv: f64| word(percent(cv));
            let first = stretches.first();
            let cv = first.map_or(0.0, |s| s.length_cv.min(s.speed_cv));
            let mean = ("mean", whole(first.map_or(0.0, |s| s.mean_m)));
            text.with(
                "flag-equal-steps",
                [count(*n), mean, ("cv", alike(cv)), from(), to()],
            )
        }
        Evidence::ConstantAccuracy {
            accuracy_m,
            count: n,
        } => {
            let accuracy = ("accuracy", whole(*accuracy_m));
            text.with(
                "flag-constant-accuracy",
                [count(*n), accuracy, from(), to()],
            )
        }
        Evidence::Clock {
            median_offset_s,
            largest_jump_s,
            count: n,
            ..
        } => {
            let offset = ("offset", seconds(*median_offset_s));
            let jump = ("jump", seconds(*largest_jump_s));
            text.with("flag-clock", [count(*n), offset, jump])
        }
        Evidence::RepeatedTrack(earlier) => {
            let unknown = text.get("unknown");
            let person = earlier.person.as_deref().unwrap_or(&unknown);
            let started = earlier.started.as_deref().unwrap_or(&earlier.of);
            let told = [
                ("similarity", word(percent(earlier.similarity))),
                ("person", Arg::Name(person)),
                ("started", word(started.to_owned())),
            ];
            text.with("flag-repeated-track", told)
        }
    }
}

/// The length and the time of a step.
fn figures(step: &Step) -> [(&'static str, Arg<'static>); 2] {
    let seconds = format!("{}", (step.seconds * 10.0).round() / 10.0);
    [
        ("moved", Arg::Word(metres(step.moved_m))),
        ("seconds", Arg::Word(seconds)),
    ]
}

#[cfg(test)]
mod tests {
    use bading_core::geo::plausibility::{EqualStretch, Repeated, StraightStretch};

    use super::super::text::Language;
    use super::*;

    fn every_kind() -> Vec<Evidence> {
        let step = Step {
            at: UtcMs(1_000),
            from_lat_lon: [31.0, 121.0],
            to_lat_lon: [31.01, 121.0],
            moved_m: 1_108.9,
            seconds: 5.0,
            mps: Some(221.78),
        };
        let (from, to) = (UtcMs(0), UtcMs(1));
        vec![
            Evidence::Mock {
                count: 2,
                share: 0.25,
            },
            Evidence::Speed {
                count: 3,
                cap_mps: 3.0,
                fastest: step,
            },
            Evidence::Teleport {
                count: 1,
                steps: vec![step],
            },
            Evidence::Teleport {
                count: 1,
                steps: Vec::new(),
            },
            Evidence::Backwards {
                count: 4,
                largest_s: 61.0,
            },
            Evidence::StraightLine {
                count: 1,
                length_m: 512.0,
                stretches: vec![StraightStretch {
                    from,
                    to,
                    fixes: 40,
                    length_m: 512.0,
                    rms_m: 0.04,
                }],
            },
            Evidence::EqualSteps {
                count: 90,
                stretches: vec![EqualStretch {
                    from,
                    to,
                    steps: 90,
                    mean_m: 7.0,
                    mean_s: 5.0,
                    length_cv: 0.001_2,
                    speed_cv: 0.5,
                }],
            },
            Evidence::ConstantAccuracy {
                accuracy_m: 4.0,
                count: 300,
            },
            Evidence::Clock {
                median_offset_s: -125.0,
                least_offset_s: -126.0,
                greatest_offset_s: -124.0,
                largest_jump_s: 2.0,
                count: 10,
            },
            Evidence::RepeatedTrack(Repeated {
                of: "p1".to_owned(),
                person: Some("u2".to_owned()),
                started: Some("2026-03-01T08:00:00+08:00".to_owned()),
                similarity: 0.875,
            }),
        ]
    }

    #[test]
    fn every_flag_is_told_with_its_figures_in_both_languages() {
        let figures = [
            "25.00", "1109", "1109", "1", "61", "512", "0.12", "300", "-125", "87.50",
        ];
        for language in Language::ALL {
            for (evidence, figure) in every_kind().into_iter().zip(figures) {
                let flag = Flag {
                    evidence,
                    from: UtcMs(0),
                    to: UtcMs(1),
                };
                let told = told(Text::of(language), &flag, |at| at.to_rfc3339());
                assert!(told.contains(figure), "{told}");
                assert!(!told.starts_with("flag-") && !told.contains('{'), "{told}");
            }
        }
    }
}
