//! The parts of a sheet as statements: each says its score with the counts that it was
//! computed from.

use super::{Explanation, ReferenceKind};
use crate::model::quantity::Proration;
use crate::model::verdict::{Grade, Score, Share};
use crate::rules::evaluation::EvaluationScore;
use crate::rules::patrol::{CountScore, CoverageScore};
use crate::rules::policy::Policy;
use crate::rules::quality::{Quality, QualityIndicator};
use crate::rules::quantity::{Quantity, QuantityItem};
use crate::rules::staffing::Staffing;
use crate::rules::verdict::Verdict;

/// The verdict: the weighed mean, what was taken off, what caps it, and the parts.
///
/// - `behind`: why each part is what it is, by the part's key.
#[must_use]
pub fn verdict(
    verdict: &Verdict,
    policy: &Policy,
    mut behind: Vec<(&'static str, Vec<Explanation>)>,
) -> Explanation {
    let mut why = Vec::new();
    for part in &verdict.parts {
        let told = match (part.score, part.spread_weight) {
            (Some(score), Some(spread)) => Explanation::new("part")
                .word("part", "part", part.key)
                .text("score", score)
                .count("weight", spread.part)
                .count("whole", spread.whole),
            _ => Explanation::new("part-none")
                .word("part", "part", part.key)
                .count("weight", part.weight_permille.into()),
        };
        let reasons = behind.iter_mut().find(|(key, _)| *key == part.key);
        why.push(
            told.because(
                reasons
                    .map(|(_, why)| std::mem::take(why))
                    .unwrap_or_default(),
            ),
        );
    }
    // What belongs to no part of the verdict stands beside them, such as the staffing.
    let beside: Vec<_> = behind.into_iter().flat_map(|(_, why)| why).collect();
    why.splice(0..0, beside);
    if let Some(mean) = verdict.weighed {
        why.push(
            Explanation::new("weighed")
                .text("part", points(mean.part))
                .count("whole", mean.whole)
                .text("mean", decimal(mean)),
        );
    }
    for deduction in &verdict.deductions {
        let told = Explanation::new("deduction")
            .text("points", points(deduction.points_hundredths.into()))
            .word("reason", "reason", &deduction.reason)
            .text("what", &deduction.what);
        why.push(told.on(ReferenceKind::Fact, &deduction.what));
    }
    for veto in &verdict.vetoes {
        let applied = verdict
            .cap
            .as_ref()
            .is_some_and(|cap| (&cap.reason, &cap.what) == (&veto.reason, &veto.what));
        let (key, cap) = match policy.cap_of(&veto.reason) {
            Some(cap) if applied => ("cap", Some(cap)),
            Some(cap) => ("veto-without-effect", Some(cap)),
            None => ("veto-without-cap", None),
        };
        let mut told = Explanation::new(key)
            .word("reason", "reason", &veto.reason)
            .text("what", &veto.what);
        if let Some(cap) = cap {
            told = told.text("cap", cap);
        }
        why.push(told.on(ReferenceKind::Fact, &veto.what));
    }
    let Some((score, grade)) = verdict.score.zip(verdict.grade) else {
        return Explanation::new("verdict-none").because(why);
    };
    why.push(Explanation::new("rounded").text("score", score));
    Explanation::new("verdict")
        .text("score", score)
        .text("grade", letter(grade))
        .because(why)
}

/// Whether every cell has somebody in every slot.
#[must_use]
pub fn staffing(staffing: &Staffing) -> Explanation {
    let Some(score) = staffing.score else {
        return Explanation::new("staffing-none");
    };
    let vacancy = |vacancy: &crate::rules::staffing::Vacancy| {
        Explanation::new("vacancy")
            .text("grid", vacancy.grid.as_str())
            .text("slot", &vacancy.slot)
    };
    Explanation::new("staffing")
        .text("score", score)
        .count("staffed", staffing.share.part)
        .count("planned", staffing.share.whole)
        .because(staffing.vacancies.iter().map(vacancy))
}

/// The coverage of the route.
///
/// - `why`: its stretches.
#[must_use]
pub fn coverage(coverage: &CoverageScore, why: Vec<Explanation>) -> Explanation {
    let Some(score) = coverage.score else {
        return Explanation::new("coverage-none").because(why);
    };
    let key = match coverage.exempted_mm {
        0 => "coverage",
        _ => "coverage-exempted",
    };
    let told = Explanation::new(key)
        .text("score", score)
        .text("covered", metres(coverage.covered_mm))
        .text("planned", metres(coverage.planned_mm));
    let told = match coverage.exempted_mm {
        0 => told,
        exempted_mm => told.text("exempted", metres(exempted_mm)),
    };
    told.because(why)
}

/// A count of things with a score.
///
/// - `key`, `none`: the messages of one that applies, and of one that does not.
#[must_use]
pub fn count_score(key: &'static str, none: &'static str, counted: &CountScore) -> Explanation {
    let Some(score) = counted.score else {
        return Explanation::new(none);
    };
    Explanation::new(key)
        .text("score", score)
        .count("part", counted.share.part)
        .count("whole", counted.share.whole)
}

/// The time of a slot by its kinds, in one unit.
///
/// - `kinds`: `in_grid`, `outside`, `over_dwell` and `no_fix`, in seconds.
/// - `excused`: seconds by the reason's key.
#[must_use]
pub fn attendance(
    score: Option<Score>,
    scheduled_s: u64,
    kinds: &[(&str, u64)],
    excused: &[(String, u64)],
) -> Explanation {
    let all = kinds.iter().map(|(_, s)| *s);
    let all = all
        .chain(excused.iter().map(|(_, s)| *s))
        .chain([scheduled_s]);
    // Whole minutes where everything is whole minutes, as on a printed sheet.
    let is_whole = all.into_iter().all(|s| s % 60 == 0);
    let (unit, per) = if is_whole { ("min", 60) } else { ("s", 1) };
    let time = |s: u64| s / per;
    let Some(score) = score else {
        return Explanation::new("attendance-none");
    };
    let inside = kinds.iter().find(|(kind, _)| *kind == "in_grid");
    let mut why = Vec::new();
    for (kind, s) in kinds {
        why.push(
            Explanation::new("attendance-kind")
                .word("kind", "kind", kind)
                .count("time", time(*s))
                .text("unit", unit),
        );
    }
    for (reason, s) in excused {
        why.push(
            Explanation::new("attendance-excused")
                .word("reason", "excuse", reason)
                .count("time", time(*s))
                .text("unit", unit),
        );
    }
    Explanation::new("attendance")
        .text("score", score)
        .count("inside", time(inside.map_or(0, |(_, s)| *s)))
        .count("excused", time(excused.iter().map(|(_, s)| *s).sum()))
        .count("scheduled", time(scheduled_s))
        .text("unit", unit)
        .because(why)
}

/// What was done of the quota, and what does not count.
#[must_use]
pub fn quantity(quantity: &Quantity) -> Explanation {
    let owed = quantity.proration;
    let why = quantity.items.iter().map(|item| quota(item, owed));
    let Some(score) = quantity.score else {
        return Explanation::new("quantity-none").because(why);
    };
    let (part, whole) = quantity.proration.parts();
    let told = match part == whole {
        true => Explanation::new("quantity").text("score", score),
        false => Explanation::new("quantity-prorated")
            .text("score", score)
            .count("part", part.into())
            .count("whole", whole.into()),
    };
    told.because(why)
}

fn quota(item: &QuantityItem, owed: Proration) -> Explanation {
    let excluded = item.excluded.iter().map(|excluded| {
        let reason = serde_json::to_value(excluded.reason).unwrap_or_default();
        Explanation::new("excluded")
            .text("what", &excluded.what)
            .word("reason", "exclusion", reason.as_str().unwrap_or_default())
            .text("detail", &excluded.detail)
            .on_cases([&excluded.what])
    });
    let named = |key| Explanation::new(key).word("item", "item", item.key.as_str());
    let told = match (item.share, item.spread_weight) {
        (Some(share), Some(spread)) => {
            let (part, whole) = owed.parts();
            let (done, asked) = (item.done.get().into(), item.quota.get().into());
            let exceeds =
                |done: u128, asked: u128| done * u128::from(whole) > asked * u128::from(part);
            let is_cut = item.is_capped && exceeds(done, asked);
            let key = if is_cut { "quota-capped" } else { "quota" };
            let asked = match part == whole {
                true => item.quota.to_string(),
                false => format!("{} × {part}/{whole}", item.quota),
            };
            let told = named(key)
                .text("done", item.done)
                .text("quota", asked)
                .count("weight", spread.part)
                .count("weights", spread.whole);
            match is_cut {
                true => told,
                false => told.count("part", share.part).count("whole", share.whole),
            }
        }
        _ => named("quota-none").count("weight", item.weight_permille.into()),
    };
    told.because(excluded)
}

/// A card with its indicators, each with the cases behind it.
///
/// - `card`: the key of a standard card, or the name of a city's.
#[must_use]
pub fn quality(card: &str, quality: &Quality) -> Explanation {
    // A volume that weighs nothing and was not counted says nothing.
    let is_told = |one: &&QualityIndicator| one.weight_permille > 0 || one.count.is_some();
    let why = quality.indicators.iter().filter(is_told).map(indicator);
    match quality.score {
        Some(score) => Explanation::new("quality")
            .word("card", "card", card)
            .text("score", score)
            .because(why),
        None => Explanation::new("quality-none")
            .word("card", "card", card)
            .because(why),
    }
}

fn indicator(indicator: &QualityIndicator) -> Explanation {
    let named = |key| Explanation::new(key).word("indicator", "indicator", &indicator.key);
    let Some(spread) = indicator.spread_weight else {
        return match indicator.count {
            Some(count) if indicator.weight_permille == 0 => {
                named("volume-off").count("count", count)
            }
            _ => named("indicator-none").count("weight", indicator.weight_permille.into()),
        };
    };
    let told = match indicator.count {
        Some(count) => named("volume")
            .count("count", count)
            .count("points", indicator.numerator),
        None => named(if indicator.is_complement {
            "rest"
        } else {
            "rate"
        })
        .count("part", indicator.numerator)
        .count("whole", indicator.denominator),
    };
    told.count("weight", spread.part)
        .count("weights", spread.whole)
        .on_cases(&indicator.cases)
}

/// An evaluation with its parts.
#[must_use]
pub fn evaluation(evaluation: &EvaluationScore) -> Explanation {
    let named = match evaluation.name.is_empty() {
        true => &evaluation.code,
        false => &evaluation.name,
    };
    let why = evaluation.parts.iter().map(|part| {
        let told = |key| {
            Explanation::new(key)
                .word("source", "source", part.source.as_str())
                .text("key", &part.key)
        };
        match (part.share, part.spread_weight) {
            (Some(share), Some(spread)) => told("source-part")
                .count("part", share.part)
                .count("whole", share.whole)
                .count("weight", spread.part)
                .count("weights", spread.whole),
            _ => told("source-part-none").count("weight", part.weight_permille.into()),
        }
    });
    let kind = serde_json::to_value(evaluation.kind).unwrap_or_default();
    let kind = kind.as_str().unwrap_or_default();
    let told = match evaluation.score.zip(evaluation.grade) {
        Some((score, grade)) => Explanation::new("evaluation")
            .text("score", score)
            .text("grade", letter(grade)),
        None => Explanation::new("evaluation-none"),
    };
    told.word("kind", "evaluation", kind)
        .text("name", named)
        .because(why)
}

fn letter(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "A",
        Grade::B => "B",
        Grade::C => "C",
        Grade::D => "D",
        Grade::E => "E",
    }
}

/// Millimetres as metres, without zeros at the end.
pub(crate) fn metres(mm: u64) -> String {
    let rest = format!("{:03}", mm % 1000);
    match rest.trim_end_matches('0') {
        "" => (mm / 1000).to_string(),
        rest => format!("{}.{rest}", mm / 1000),
    }
}

fn points(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A mean of hundredths as points, with six decimals at most; an ellipsis where more follow.
fn decimal(mean: Share) -> String {
    let whole = u128::from(mean.whole.max(1)) * 100;
    let part = u128::from(mean.part);
    let millionths = part % whole * 1_000_000;
    let rest = format!("{:06}", millionths / whole);
    let rest = match rest.trim_end_matches('0') {
        short if short.len() < 2 => &rest[..2],
        short => short,
    };
    let more = if millionths.is_multiple_of(whole) {
        ""
    } else {
        "…"
    };
    format!("{}.{rest}{more}", part / whole)
}
