//! The arguments of `score`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Score {
    /// The city's policy, TOML or JSON; without it the defaults.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The facts of one subject or several, JSON (docs/formats/facts.md); `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: PathBuf,
    /// The language of the explanation for people: zh-CN or en. JSON has both.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) lang: String,
}
