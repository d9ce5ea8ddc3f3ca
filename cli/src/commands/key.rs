//! The key that a store is sealed with, from a shell.

use bading_core::engine::Engine;
use serde_json::{Value, json};

use super::{options, require_store};
use crate::args::{Args, Key};
use crate::output::{Exit, Failure, Output};

pub(super) fn run(args: &Args, command: &Key, output: &Output) -> Result<Exit, Failure> {
    match command {
        Key::Change => {
            require_store(args)?;
            Engine::change_key(&args.store, options(args))?;
            output.answer(&json!({ "changed": true }), |_: &Value| {
                "the store is sealed with a new key\n".to_owned()
            })?;
            Ok(Exit::Done)
        }
    }
}
