//! The log as evidence.

use std::path::Path;

use carnet_wallet_core::{LONGEST_LOG, Wallet};
use serde_json::json;

use crate::{
    answers::Answer,
    arguments::{Common, LogCommand},
    backup::write_new,
    doors,
    failure::Failure,
    plain, registers,
};

pub(crate) async fn run(common: &Common, command: LogCommand) -> Result<Answer, Failure> {
    match command {
        LogCommand::Verify { file: None } => {
            let view = doors::open_for_everyone(common)?.verify_log()?;
            Ok(Answer::new(&json!(view), plain::log(&view)))
        }
        LogCommand::Verify { file: Some(file) } => {
            let view = Wallet::verify_exported_log(&exported(&file)?)?;
            Ok(Answer::new(&json!(view), plain::log(&view)))
        }
        LogCommand::Export { file } => {
            let wallet = doors::open_for_everyone(common)?;
            let printed = file
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"));
            let bytes = if printed {
                wallet.print_log()?
            } else {
                wallet.export_log()?.into_bytes()
            };
            write_new(&file, &bytes)?;
            let plain = format!(
                "The log is in {}. It is not sealed: anybody can read it.",
                file.display()
            );
            Ok(Answer::new(&json!({ "file": file, "bytes": bytes.len() }), plain))
        }
        LogCommand::Registers { known } => registers::list(&doors::open(common)?, known).await,
        LogCommand::States { file } => registers::states(&doors::open(common)?, &file),
        LogCommand::Contradiction { log, out } => registers::contradiction(&doors::open(common)?, &log, &out),
        LogCommand::Compare { file } => registers::compare(&doors::open(common)?, &file).await,
    }
}

fn exported(file: &Path) -> Result<Vec<u8>, Failure> {
    let too_long = std::fs::metadata(file).is_ok_and(|about| about.len() > LONGEST_LOG as u64);
    if too_long {
        return Err(Failure::here(
            "not_a_log",
            "This file is far longer than any log.",
            "Choose the file that `log export` wrote.",
        ));
    }
    doors::read_file(file)
}
