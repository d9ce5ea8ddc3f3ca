//! How a list writes its codes. GB/T 30428 counts big classes with two digits and small
//! classes with two more inside each; lists write either the small class alone (`3` or `03`
//! under big class `01`) or the whole (`0103`), and spreadsheets lose leading zeros of both.

use super::text::is_digits;

/// The digits of a big class, and of a small class inside its big class.
const PAIR: usize = 2;

/// What the list as a whole shows about its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CodeScheme {
    /// The width of big class codes; cities with longer ones show it in the list.
    major_width: usize,
    /// The width of whole small-class codes, where codes with a leading zero show one.
    class_width: Option<usize>,
    /// Whether whole small-class codes begin with their big class's code.
    embeds_major: bool,
}

impl CodeScheme {
    /// Looks at the codes of a whole list: big class and small class, row by row.
    pub(super) fn of(rows: &[(&str, &str)]) -> Self {
        let majors = rows.iter().filter(|(major, _)| is_digits(major));
        let major_width = majors.map(|(major, _)| major.len()).fold(PAIR, usize::max);
        let whole = || {
            rows.iter()
                .filter(|(_, class)| is_digits(class))
                .filter(|(major, class)| major.is_empty() || class.len() > PAIR)
        };
        // Leading zeros are evidence only if they all give one width that no code exceeds.
        let longest = whole().map(|(_, class)| class.len()).max();
        let mut zeros = whole().filter(|(_, class)| class.starts_with('0'));
        let class_width = longest.filter(|longest| {
            let is_longest = |(_, class): &(&str, &str)| class.len() == *longest;
            match zeros.next() {
                Some(first) => is_longest(first) && zeros.all(is_longest),
                // Pairs of digits, and some one digit short: numbers that lost their zero.
                None => {
                    longest % PAIR == 0
                        && *longest > PAIR
                        && whole().all(|(_, class)| class.len() + 1 >= *longest)
                }
            }
        });
        let mut scheme = Self {
            major_width,
            class_width,
            embeds_major: false,
        };
        let (mut embedding, mut judged) = (0_usize, 0_usize);
        for (major, class) in whole().filter(|(major, _)| is_digits(major)) {
            judged += 1;
            let major = scheme.major(major);
            embedding += usize::from(scheme.whole(&major, class).starts_with(&major));
        }
        scheme.embeds_major = judged > 0 && embedding * 2 >= judged;
        scheme
    }

    /// A big class's code at the list's width.
    pub(super) fn major(self, code: &str) -> String {
        pad(code, self.major_width)
    }

    /// The whole code of a small class.
    ///
    /// - `major`: its big class by [`CodeScheme::major`], empty when the row has none.
    ///
    /// # Errors
    /// Why the code is not of that big class.
    pub(super) fn class(self, major: &str, code: &str) -> Result<String, String> {
        if !is_digits(code) {
            return Ok(code.to_owned());
        }
        if !major.is_empty() && code.len() <= PAIR {
            return Ok(format!("{major}{}", pad(code, PAIR)));
        }
        let whole = self.whole(major, code);
        let is_foreign = self.embeds_major && is_digits(major) && !whole.starts_with(major);
        if is_foreign {
            return Err(format!(
                "small class `{whole}` does not begin with its big class `{major}`"
            ));
        }
        Ok(whole)
    }

    /// A code of more than a pair of digits with the leading zeros that it should have.
    fn whole(self, major: &str, code: &str) -> String {
        let padded = pad(code, self.class_width.unwrap_or(0));
        // `101` under big class `01` can only be `0101`: codes are pairs of digits.
        let with_zero = format!("0{padded}");
        let lost_one = padded.len() % 2 == 1 && !major.is_empty() && with_zero.starts_with(major);
        if lost_one { with_zero } else { padded }
    }
}

/// Leading zeros for digits; other text stays.
fn pad(code: &str, width: usize) -> String {
    match is_digits(code) {
        true => format!("{code:0>width$}"),
        false => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(rows: &[(&str, &str)]) -> Vec<Result<String, String>> {
        let scheme = CodeScheme::of(rows);
        rows.iter()
            .map(|(major, class)| scheme.class(&scheme.major(major), class))
            .collect()
    }

    #[track_caller]
    fn assert_codes(rows: &[(&str, &str)], wanted: &[&str]) {
        let codes = codes(rows);
        let codes: Vec<_> = codes.into_iter().map(|c| c.expect("a code")).collect();
        assert_eq!(codes, wanted);
    }

    #[test]
    fn small_class_alone_is_completed_by_its_big_class() {
        assert_codes(
            &[("1", "1"), ("1", "03"), ("02", "21")],
            &["0101", "0103", "0221"],
        );
    }

    #[test]
    fn lost_zero_of_a_whole_code_comes_back_where_the_list_shows_it() {
        assert_codes(&[("1", "101"), ("10", "1002")], &["0101", "1002"]);
        assert_codes(&[("", "10101"), ("", "010102")], &["010101", "010102"]);
        assert_codes(&[("", "101"), ("", "2101")], &["0101", "2101"]);
        // Nothing shows a width, or two widths contradict each other.
        assert_codes(&[("", "1"), ("", "10101")], &["1", "10101"]);
        assert_codes(&[("", "01"), ("", "0101")], &["01", "0101"]);
        assert_codes(&[("", "A1"), ("", "1")], &["A1", "1"]);
    }

    #[test]
    fn whole_code_of_another_big_class_is_refused_only_where_codes_embed_it() {
        let codes = codes(&[("1001", "100101"), ("1001", "100102"), ("1001", "100201")]);
        assert_eq!(codes[0].as_deref(), Ok("100101"));
        assert!(codes[2].is_err(), "{codes:?}");
        // A city that numbers straight through.
        assert_codes(
            &[("1", "301"), ("2", "302"), ("4", "303")],
            &["301", "302", "303"],
        );
    }
}
