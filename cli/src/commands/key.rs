//! The key that a store is sealed with, from a shell.

use std::path::Path;

use bading_core::engine::{Engine, SystemHost};
use bading_core::services::Host as _;
use bading_core::storage::blob::write_durably;
use bading_core::storage::escrow::EscrowSecret;
use serde_json::{Value, json};

use super::{options, read, require_store};
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
        Key::Recover { escrow } => {
            require_store(args)?;
            let secret = read_secret(escrow)?;
            let answer = json!({ "recovered": true, "escrow_key": secret.public().to_string() });
            Engine::recover(&args.store, &secret, options(args))?;
            output.answer(&answer, |_: &Value| {
                "the store opens with this keystore again\n".to_owned()
            })?;
            Ok(Exit::Done)
        }
    }
}

/// Draws the city's escrow key and writes its secret half to a file that is not there yet.
pub(super) fn make_escrow(path: &Path) -> Result<EscrowSecret, Failure> {
    if path.exists() {
        return Err(Failure::in_file(path, "something is there already"));
    }
    let mut bytes = [0; 32];
    SystemHost::new().fill_random(&mut bytes);
    let text = format!("{}\n", hex::encode(bytes));
    write_durably(path, text.as_bytes()).map_err(|error| Failure::in_file(path, error))?;
    Ok(EscrowSecret::new(bytes))
}

fn read_secret(path: &Path) -> Result<EscrowSecret, Failure> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(read(path)?.trim_ascii(), &mut bytes)
        .map_err(|_| Failure::in_file(path, "is no escrow key: 64 hexadecimal digits"))?;
    Ok(EscrowSecret::new(bytes))
}
