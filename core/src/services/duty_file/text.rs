//! What a cell says, without the marks of how a spreadsheet laid it out.

/// White space, and marks of no width that are pasted along with text.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}')
}

/// The text on one line: no white space at its ends, one space where there was some inside.
/// A line break between Chinese characters wraps a cell and stands for nothing.
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut rest = text.trim_matches(is_blank);
    while let Some(at) = rest.find(is_blank) {
        let (word, tail) = rest.split_at(at);
        tidied.push_str(word);
        let next = tail.trim_start_matches(is_blank);
        let has_break = tail[..tail.len() - next.len()].contains(['\n', '\r']);
        let is_wide = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
        let wraps = is_wide(word.chars().next_back()) || is_wide(next.chars().next());
        if !(has_break && wraps) {
            tidied.push(' ');
        }
        rest = next;
    }
    tidied.push_str(rest);
    tidied
}

/// The parts of an enumeration, each once and in order. What stands in parentheses explains
/// a part and does not end it.
pub(super) fn parts(text: &str, is_separator: impl Fn(char) -> bool) -> Vec<String> {
    let opened = text.matches(['（', '(']).count();
    let keeps_parentheses = opened == text.matches(['）', ')']).count();
    let mut depth = 0_usize;
    let pieces = text.split(|c: char| {
        match c {
            '（' | '(' if keeps_parentheses => depth += 1,
            '）' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is_separator(c)
    });
    let mut parts: Vec<String> = Vec::new();
    for piece in pieces {
        let piece = tidy(piece);
        if !piece.is_empty() && !parts.contains(&piece) {
            parts.push(piece);
        }
    }
    parts
}

/// What separates departments in real lists.
pub(super) fn ends_department(c: char) -> bool {
    matches!(c, '、' | '，' | ',' | '；' | ';' | '／' | '/' | '\n' | '\r')
}

/// What separates photo roles, which are single words.
pub(super) fn ends_role(c: char) -> bool {
    ends_department(c) || c == '+' || is_blank(c)
}

/// A code as text. Spreadsheets give `1.0` or `'01` for what a person wrote as 1 or 01, and
/// input methods give full-width digits.
pub(super) fn code(text: &str) -> String {
    let narrow: String = tidy(text)
        .chars()
        .map(|c| match c {
            '０'..='９' | '．' => {
                let offset = u32::from(c) - u32::from('！');
                char::from_u32(u32::from('!') + offset).unwrap_or(c)
            }
            other => other,
        })
        .collect();
    let plain = narrow.strip_prefix('\'').unwrap_or(&narrow);
    // `01 03` is one code, written in its pairs.
    let joined: String = plain.split(' ').collect();
    let plain = if is_digits(&joined) { &joined } else { plain };
    match plain.split_once('.') {
        Some((whole, zeros))
            if is_digits(whole) && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') =>
        {
            whole.to_owned()
        }
        _ => plain.to_owned(),
    }
}

/// True for one or more ASCII digits.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidy_unwraps_chinese_and_keeps_one_space_between_words() {
        assert_eq!(tidy(" 烟头收集器\n或灭烟处\u{3000}"), "烟头收集器或灭烟处");
        assert_eq!(tidy("street\r\n  lamp"), "street lamp");
        assert_eq!(tidy("路灯  lamp"), "路灯 lamp");
        assert_eq!(tidy("\u{feff}\n "), "");
    }

    #[test]
    fn parts_end_at_every_separator_but_not_in_parentheses() {
        let found = parts(
            "\n甲局、乙局，丙局；丁局/戊局\n己局（道路、桥梁）, 甲局",
            ends_department,
        );
        let wanted = ["甲局", "乙局", "丙局", "丁局", "戊局", "己局（道路、桥梁）"];
        assert_eq!(found, wanted);
        // A parenthesis that nobody closes encloses nothing.
        assert_eq!(parts("甲（局、乙局", ends_department), ["甲（局", "乙局"]);
        assert_eq!(parts("near+far near", ends_role), ["near", "far"]);
    }

    #[test]
    fn code_is_integer_text_whatever_the_cell_was() {
        for (cell, wanted) in [
            ("1", "1"),
            ("1.0", "1"),
            ("'01", "01"),
            (" ０１０１\n", "0101"),
            ("01 03", "0103"),
            ("1.5", "1.5"),
            ("A.0", "A.0"),
            ("1.", "1."),
        ] {
            assert_eq!(code(cell), wanted, "{cell}");
        }
    }
}
