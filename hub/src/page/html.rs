//! A writer of HTML in which nothing is written unescaped but tag and attribute names of this
//! program: elements close themselves, and every value passes [`escape`].

use std::fmt::Display;

/// A document, or a part of one, that is being written.
#[derive(Debug, Default)]
pub(crate) struct Html {
    out: String,
}

/// Attributes of an element: names of this program with values of anybody.
pub(crate) type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

impl Html {
    /// An element with what `content` writes inside.
    pub(crate) fn node(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self),
    ) {
        self.void(name, attributes);
        content(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// An element with one text inside.
    pub(crate) fn leaf(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.node(name, attributes, |html| html.text(text));
    }

    /// An element that has no end tag, such as an image.
    pub(crate) fn void(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(&value.to_string(), &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
    }

    /// A text, such as a name that somebody typed.
    pub(crate) fn text(&mut self, text: &str) {
        escape(text, &mut self.out);
    }

    /// A style sheet of this program.
    pub(crate) fn style(&mut self, sheet: &'static str) {
        self.out.push_str("<style>");
        self.out.push_str(sheet);
        self.out.push_str("</style>");
    }

    /// The document.
    pub(crate) fn finish(self) -> String {
        format!("<!doctype html>\n{}\n", self.out)
    }
}

/// Writes a text so that it is one, in content and in quoted attributes alike. Characters
/// that HTML does not allow are replaced.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut html = Html::default();
        html.leaf("p", &[("title", &text)], text);
        html.out
    }

    #[test]
    fn hostile_texts_stay_texts_in_content_and_in_attributes() {
        let found = written("<script>alert('1' & \"2\")</script>\0");
        let escaped = "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;\u{fffd}";
        assert_eq!(found, format!("<p title=\"{escaped}\">{escaped}</p>"));
        assert!(written("مرحبا 😀\u{202e}x").contains("مرحبا 😀\u{202e}x"));
    }

    #[test]
    fn list_of_naughty_strings_writes_no_tag_and_no_attribute() {
        let data = std::env::var("BADING_DATA").unwrap_or_else(|_| {
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data").to_owned()
        });
        let Ok(bytes) = std::fs::read(format!("{data}/text/blns.json")) else {
            eprintln!("skipped: BADING_DATA has no text/blns.json");
            return;
        };
        let texts: Vec<String> = serde_json::from_slice(&bytes).expect("a list of texts");
        assert!(texts.len() > 400);
        for text in texts {
            let found = written(&text);
            // Two tags of ours, two quotes of ours, and nothing else of the kind.
            assert_eq!(found.matches('<').count(), 2, "{text}");
            assert_eq!(found.matches('"').count(), 2, "{text}");
            assert!(!found.contains('\''), "{text}");
        }
    }
}
