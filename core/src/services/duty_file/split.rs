//! A code and its name in one cell: `0101 上水井盖`, `01、公用设施`, `上水井盖（0101）`.

use super::text::{code, is_digits};
use super::tidy;

/// The code and the name of a cell that has both; nothing for any other cell.
pub(super) fn split_code(cell: &str) -> Option<(String, String)> {
    let text = tidy(cell);
    let is_digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    let digits = text.find(|c| !is_digit(c))?;
    if digits > 0 {
        let name = text[digits..].trim_start_matches(|c: char| {
            c.is_whitespace()
                || matches!(c, '.' | '．' | '、' | '-' | '－' | '—' | '_' | ':' | '：')
        });
        return (!name.is_empty()).then(|| (code(&text[..digits]), name.to_owned()));
    }
    let inner = text.strip_suffix(['）', ')'])?;
    let at = inner.rfind(['（', '('])?;
    let opening = inner[at..].chars().next()?.len_utf8();
    let (name, found) = (inner[..at].trim_end(), code(&inner[at + opening..]));
    (!name.is_empty() && is_digits(&found)).then(|| (found, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_name_are_told_apart_in_either_order() {
        for cell in [
            "0101 上水井盖",
            "0101上水井盖",
            "０１０１、上水井盖",
            "上水井盖（0101）",
            "上水井盖(0101)",
            "0101-上水井盖",
        ] {
            let wanted = Some(("0101".to_owned(), "上水井盖".to_owned()));
            assert_eq!(split_code(cell), wanted, "{cell}");
        }
        for cell in ["0101", "上水井盖", "", "井盖（上水）", "(0101)", "）"] {
            assert_eq!(split_code(cell), None, "{cell}");
        }
    }
}
