//! Links and days.

use super::*;

#[test]
fn notice_is_told_in_both_languages_and_escapes_its_detail() {
    let page = notice("refused", "<b>");
    for language in Language::ALL {
        assert!(page.contains(&format!("<p lang=\"{}\">", language.tag())));
    }
    assert!(page.contains("<code>&lt;b&gt;</code>"));
}
