//! A city's policy as a file that people write: TOML, or the JSON of the pack.

use bading_core::rules::policy::{Policy, PolicyError};
use thiserror::Error;

/// The largest policy file that is read, in bytes.
const MAX_POLICY_BYTES: usize = 1024 * 1024;

/// Why a file is not a policy.
#[derive(Debug, Error)]
pub enum PolicyFileError {
    /// Larger than any policy is.
    #[error("a policy has at most {MAX_POLICY_BYTES} bytes")]
    TooLarge,
    /// Not UTF-8, or not TOML; the text says where.
    #[error("{0}")]
    Form(String),
    /// A policy that does not hold.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Reads a policy from TOML or JSON. What it leaves out has DOMAIN's default.
///
/// # Errors
/// [`PolicyFileError`] names the line or the field.
pub fn read_policy(bytes: &[u8]) -> Result<Policy, PolicyFileError> {
    if bytes.len() > MAX_POLICY_BYTES {
        return Err(PolicyFileError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // An empty file would be TOML that leaves everything out.
    if bytes.trim_ascii().is_empty() {
        return Err(PolicyFileError::Form(
            "the file is empty: a policy names at least its version".to_owned(),
        ));
    }
    if bytes.trim_ascii_start().starts_with(b"{") {
        return Ok(Policy::from_json(bytes)?);
    }
    let text =
        std::str::from_utf8(bytes).map_err(|_| PolicyFileError::Form("not UTF-8".to_owned()))?;
    let policy: Policy = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            text[..span.start.min(text.len())].matches('\n').count() + 1
        });
        // The library's own text has several lines; the first of the message is the reason.
        let why = error
            .message()
            .lines()
            .next()
            .unwrap_or("not TOML")
            .to_owned();
        PolicyFileError::Form(format!("line {line}: {why}"))
    })?;
    policy.validate()?;
    Ok(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_in_toml_says_what_differs_and_the_rest_is_the_default() {
        let text = "version = \"2026-1\"\n[verdict_permille]\ncoverage = 400\ntime = 100\nquantity = 250\nquality = 250\n";
        let policy = read_policy(text.as_bytes()).expect("weights sum to 1000");
        assert_eq!(policy.version, "2026-1");
        assert_eq!(policy.verdict_permille.coverage, 400);
        assert_eq!(policy.check_limit_s, Policy::default().check_limit_s);
        let again = read_policy(&policy.to_pack()).expect("the pack's JSON is a policy file too");
        assert_eq!(again, policy);
    }

    #[test]
    fn weights_that_sum_to_990_and_broken_toml_are_named() {
        let text =
            "[verdict_permille]\ncoverage = 240\ntime = 150\nquantity = 250\nquality = 350\n";
        let error = read_policy(text.as_bytes()).expect_err("990").to_string();
        assert!(error.contains("990"), "{error}");
        let error = read_policy(b"version = \"1\"\nverdict = = 3\n").expect_err("no TOML");
        assert!(error.to_string().starts_with("line 2: "), "{error}");
        for empty in [&b""[..], b" \n\n", b"\xef\xbb\xbf"] {
            let error = read_policy(empty).expect_err("empty").to_string();
            assert!(error.contains("empty"), "{error}");
        }
        let text = b"version = \"x\"\n[quality_permille]\nvalid = -100\n";
        let error = read_policy(text).expect_err("negative").to_string();
        assert!(error.starts_with("line 3: "), "{error}");
        let error = read_policy(b"wieghts = 3\n")
            .expect_err("unknown")
            .to_string();
        assert!(error.contains("wieghts"), "{error}");
    }
}
