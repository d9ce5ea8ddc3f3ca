//! What an error line shows of a file's own text: little of it, and on one line.

/// The most characters of a file's text that an error line repeats.
const MAX_CHARS: usize = 40;

/// The beginning of `text`, without what would break a line.
pub(crate) fn excerpt(text: &str) -> String {
    let text = text.trim();
    let plain = |c: char| {
        if c.is_control() || c.is_whitespace() {
            ' '
        } else {
            c
        }
    };
    let mut shown: String = text.chars().take(MAX_CHARS).map(plain).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_stays_on_one_line_and_short() {
        assert_eq!(excerpt(" a\nb\u{1b}c "), "a b c");
        let long = excerpt(&"长".repeat(41));
        assert_eq!(long.chars().count(), 41);
        assert!(long.ends_with('…'));
        assert_eq!(excerpt(&"长".repeat(40)), "长".repeat(40));
    }
}
