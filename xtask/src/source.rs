//! Just enough of Rust's grammar to say which paths and which texts a file names.
//!
//! Comments and documentation are left out: a link to a higher layer in a doc comment is no
//! dependency. This is no parser: macros that build paths out of pieces escape it.

/// One word of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    Name(String),
    /// The contents of a string literal, escapes as written.
    Text(String),
    /// `::`
    Separator,
    Mark(char),
}

/// A word and the line it starts on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) word: Word,
    pub(crate) line: usize,
}

/// A path as the code names it, groups of `use` taken apart. Paths within the crate begin
/// with `crate`, those that began with `self` or `super` included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

/// Splits a file into words.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut reader = Reader {
        rest: text.chars().collect(),
        at: 0,
        line: 1,
        tokens: Vec::new(),
    };
    while reader.at < reader.rest.len() {
        reader.word();
    }
    reader.tokens
}

struct Reader {
    rest: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Reader {
    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn step(&mut self) -> char {
        let c = self.peek(0);
        self.line += usize::from(c == '\n');
        self.at += 1;
        c
    }

    fn is_done(&self) -> bool {
        self.at >= self.rest.len()
    }

    fn push(&mut self, word: Word, line: usize) {
        self.tokens.push(Token { word, line });
    }

    fn word(&mut self) {
        let line = self.line;
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while !self.is_done() && self.peek(0) != '\n' {
                    self.step();
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.text(),
            ('\'', _) => self.quote(),
            (':', ':') => {
                self.at += 2;
                self.push(Word::Separator, line);
            }
            (c, _) if is_name(c) => self.name(),
            (c, _) => {
                self.step();
                if !c.is_whitespace() {
                    self.push(Word::Mark(c), line);
                }
            }
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while !self.is_done() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.at += 2;
                }
                ('*', '/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {
                    self.step();
                }
            }
        }
    }

    fn text(&mut self) {
        let line = self.line;
        self.step();
        let mut text = String::new();
        while !self.is_done() {
            match self.step() {
                '"' => break,
                '\\' => {
                    text.push('\\');
                    text.push(self.step());
                }
                c => text.push(c),
            }
        }
        self.push(Word::Text(text), line);
    }

    fn raw_text(&mut self, hashes: usize) {
        let line = self.line;
        self.at += hashes + 1;
        let mut text = String::new();
        while !self.is_done() {
            let c = self.step();
            if c == '"' && (0..hashes).all(|ahead| self.peek(ahead) == '#') {
                self.at += hashes;
                break;
            }
            text.push(c);
        }
        self.push(Word::Text(text), line);
    }

    /// A character or a lifetime: neither matters, but neither may be taken for a text.
    fn quote(&mut self) {
        self.step();
        if self.peek(0) == '\\' {
            self.at += 2;
            while !self.is_done() && self.step() != '\'' {}
        } else if self.peek(1) == '\'' {
            self.step();
            self.step();
        } else {
            while is_name(self.peek(0)) {
                self.step();
            }
        }
    }

    fn name(&mut self) {
        let line = self.line;
        let mut name = String::new();
        while is_name(self.peek(0)) {
            name.push(self.step());
        }
        let hashes = (0..).take_while(|&n| self.peek(n) == '#').count();
        let is_raw = matches!(name.as_str(), "r" | "br" | "cr");
        if is_raw && self.peek(hashes) == '"' {
            self.raw_text(hashes);
        } else if matches!(name.as_str(), "b" | "c") && self.peek(0) == '"' {
            self.text();
        } else if name == "b" && self.peek(0) == '\'' {
            self.quote();
        } else if name == "r" && hashes == 1 {
            // A raw name such as r#type: the name itself follows.
            self.step();
        } else if !name.starts_with(|first: char| first.is_ascii_digit()) {
            self.push(Word::Name(name), line);
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word(tokens: &[Token], at: usize, name: &str) -> bool {
    matches!(tokens.get(at), Some(Token { word: Word::Name(n), .. }) if n == name)
}

fn is_mark(tokens: &[Token], at: usize, mark: char) -> bool {
    matches!(tokens.get(at), Some(Token { word: Word::Mark(m), .. }) if *m == mark)
}

fn is_separator(tokens: &[Token], at: usize) -> bool {
    matches!(tokens.get(at), Some(token) if token.word == Word::Separator)
}

/// Takes out every item marked `#[cfg(test)]` or `#[cfg(all(test, …))]`.
///
/// Returns what is left, and the names of test modules that live in files of their own.
pub(crate) fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let mut kept = Vec::new();
    let mut modules = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some(mut item) = after_test_attribute(tokens, at) else {
            kept.extend(tokens.get(at).cloned());
            at += 1;
            continue;
        };
        while is_mark(tokens, item, '#') && is_mark(tokens, item + 1, '[') {
            item = after_item(tokens, item + 1, ']');
        }
        let end = after_item(tokens, item, '}');
        if let [.., keyword, name, semicolon] = &tokens[item..end]
            && let Word::Name(name) = &name.word
            && semicolon.word == Word::Mark(';')
            && keyword.word == Word::Name("mod".to_owned())
        {
            modules.push(name.clone());
        }
        at = end;
    }
    (kept, modules)
}

/// Whether the whole file is a test, by `#![cfg(test)]`.
pub(crate) fn is_test_file(tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| {
        is_mark(tokens, at, '#')
            && is_mark(tokens, at + 1, '!')
            && is_mark(tokens, at + 2, '[')
            && is_word(tokens, at + 3, "cfg")
            && is_word(tokens, at + 5, "test")
    })
}

fn after_test_attribute(tokens: &[Token], at: usize) -> Option<usize> {
    let opens = is_mark(tokens, at, '#')
        && is_mark(tokens, at + 1, '[')
        && is_word(tokens, at + 2, "cfg")
        && is_mark(tokens, at + 3, '(');
    let tests = is_word(tokens, at + 4, "test")
        || (is_word(tokens, at + 4, "all") && is_word(tokens, at + 6, "test"));
    (opens && tests).then(|| after_item(tokens, at + 1, ']'))
}

/// The place behind the first closing `end` of the outermost brackets, or behind the first
/// `;` outside all brackets.
fn after_item(tokens: &[Token], from: usize, end: char) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.word {
            Word::Mark('{' | '(' | '[') => depth += 1,
            Word::Mark(mark @ ('}' | ')' | ']')) => {
                depth = depth.saturating_sub(1);
                if depth == 0 && mark == end {
                    return at + 1;
                }
            }
            Word::Mark(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Every path in the tokens, for a file that is the module `module` (empty for `lib.rs`).
pub(crate) fn paths(tokens: &[Token], module: &[String]) -> Vec<Path> {
    let mut finder = Finder {
        tokens,
        found: Vec::new(),
    };
    let mut here: Vec<String> = vec!["crate".to_owned()];
    here.extend_from_slice(module);
    // For each open brace, whether it is that of an inline module.
    let mut braces = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at].word {
            Word::Name(word) if word == "mod" && is_mark(tokens, at + 2, '{') => {
                if let Word::Name(name) = &tokens[at + 1].word {
                    here.push(name.clone());
                    braces.push(true);
                    at += 2;
                }
            }
            Word::Mark('{') => braces.push(false),
            Word::Mark('}') if braces.pop() == Some(true) => {
                here.pop();
            }
            Word::Name(_) if is_separator(tokens, at + 1) && !continues(tokens, at) => {
                at = finder.tree(at, &here, true);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    finder.found
}

/// Whether the name at `at` is a later segment of a path, as `b` in `a::b` or `<T>::b`.
fn continues(tokens: &[Token], at: usize) -> bool {
    if at < 2 || !is_separator(tokens, at - 1) {
        return false;
    }
    match &tokens[at - 2].word {
        Word::Name(name) => !matches!(
            name.as_str(),
            "use" | "in" | "as" | "return" | "match" | "if" | "else" | "mut" | "dyn" | "impl"
        ),
        Word::Mark(mark) => *mark == '>',
        Word::Text(_) | Word::Separator => false,
    }
}

struct Finder<'a> {
    tokens: &'a [Token],
    found: Vec<Path>,
}

impl Finder<'_> {
    /// Reads one path or tree of `use` from `at`; `base` is where `self` and `super` start
    /// from, or what a group stands behind. Returns the place behind it.
    fn tree(&mut self, mut at: usize, base: &[String], is_start: bool) -> usize {
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        let mut segments = if is_start { Vec::new() } else { base.to_vec() };
        let mut is_first = is_start;
        loop {
            match self.tokens.get(at).map(|token| &token.word) {
                Some(Word::Name(name)) => {
                    match name.as_str() {
                        "self" if is_first => segments = base.to_vec(),
                        "self" => {}
                        "super" => {
                            if is_first {
                                segments = base.to_vec();
                            }
                            segments.pop();
                        }
                        _ => segments.push(name.clone()),
                    }
                    is_first = false;
                    at += 1;
                    if !is_separator(self.tokens, at) {
                        break;
                    }
                    at += 1;
                }
                Some(Word::Mark('*')) => {
                    segments.push("*".to_owned());
                    at += 1;
                    break;
                }
                Some(Word::Mark('{')) => return self.group(at + 1, &segments),
                _ => break,
            }
        }
        self.found.push(Path { segments, line });
        at
    }

    fn group(&mut self, mut at: usize, base: &[String]) -> usize {
        while let Some(token) = self.tokens.get(at) {
            match token.word {
                Word::Mark('}') => return at + 1,
                Word::Name(_) | Word::Mark('*' | '{') => at = self.tree(at, base, false),
                Word::Mark(',') => at += 1,
                // `x as y`: the new name is read as a path of its own, which harms nobody.
                _ => at += 1,
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, module: &[&str]) -> Vec<String> {
        let module: Vec<String> = module.iter().map(|&m| m.to_owned()).collect();
        paths(&tokens(text), &module)
            .into_iter()
            .map(|path| format!("{}@{}", path.segments.join("::"), path.line))
            .collect()
    }

    #[test]
    fn paths_take_groups_of_use_apart() {
        let text = "use crate::{model::case::{self, Case}, oplog};\nuse std::{fs, io::*};";
        assert_eq!(
            named(text, &["sync"]),
            [
                "crate::model::case@1",
                "crate::model::case::Case@1",
                "crate::oplog@1",
                "std::fs@2",
                "std::io::*@2",
            ]
        );
    }

    #[test]
    fn paths_resolve_super_through_inline_modules() {
        let text = "fn f() { super::super::geo::area(); }\nmod inner { use super::super::x; }";
        assert_eq!(
            named(text, &["model", "case"]),
            ["crate::geo::area@1", "crate::model::x@2"]
        );
    }

    #[test]
    fn paths_in_groups_may_climb_with_super() {
        let text = "use super::{super::rules, place::LatLon};";
        assert_eq!(
            named(text, &["model", "case"]),
            ["crate::rules@1", "crate::model::place::LatLon@1"]
        );
    }

    #[test]
    fn paths_in_comments_texts_and_characters_are_none() {
        let text = r##"
            //! [`crate::engine::Engine`]
            /* crate::engine /* nested */ crate::engine */
            const A: &str = "crate::engine";
            const B: &str = r#"crate::"engine""#;
            const C: char = '"'; const D: &'static str = ""; const E: char = '\'';
        "##;
        assert_eq!(named(text, &["model"]), [""; 0]);
    }

    #[test]
    fn paths_see_expressions_generics_and_leading_separators() {
        let text = "let x: Vec<crate::model::Case> = ::std::fs::read::<u8>();";
        assert_eq!(
            named(text, &["oplog"]),
            ["crate::model::Case@1", "std::fs::read@1"]
        );
    }

    #[test]
    fn without_tests_drops_test_items_and_names_test_files() {
        let text = "
            use a::b;
            #[cfg(test)] #[allow(dead_code)] mod tests { fn f() { c::d(); } }
            #[cfg(all(test, feature = \"x\"))] use e::f;
            #[cfg(test)] mod laws;
            #[cfg(test)] fn g() -> [u8; 2] { h::i() }
            fn j() { k::l() }";
        let (kept, modules) = without_tests(&tokens(text));
        let paths: Vec<_> = paths(&kept, &[])
            .into_iter()
            .map(|p| p.segments.join("::"))
            .collect();
        assert_eq!(paths, ["a::b", "k::l"]);
        assert_eq!(modules, ["laws"]);
    }

    #[test]
    fn is_test_file_asks_for_the_inner_attribute() {
        assert!(is_test_file(&tokens("#![cfg(test)] fn f() {}")));
        assert!(!is_test_file(&tokens("#[cfg(test)] mod tests {}")));
    }
}
