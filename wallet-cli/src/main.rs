//! `carnet`: every use case of the wallet from a terminal.
//!
//! With `--json`, success is one JSON object on stdout and exit 0; failure is `{"error":{"code","message","next"}}`
//! on stderr and an exit other than 0. Without it, the same in plain sentences.

mod answers;
mod arguments;
mod backup;
mod credentials;
mod did;
mod doors;
mod failure;
mod import;
mod issuance;
mod log;
mod people;
mod plain;
mod progress;
mod prove;
mod register;
mod registers;
mod rescue;
mod show;
mod statements;

use std::{alloc::System, process::ExitCode};

use clap::Parser;
use zeroizing_alloc::ZeroAlloc;

use crate::{arguments::Arguments, failure::Failure};

/// Every byte that is given back is wiped first: texts and buffers of libraries too, which know nothing of secrets.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    carnet_wallet_core::dumps::prevent();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return failure::of_usage(&error),
    };
    let json = arguments.common.json;
    let done = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|_| {
            Failure::here(
                "no_runtime",
                "This machine gave no resources to start.",
                "Try again.",
            )
        })
        .and_then(|runtime| runtime.block_on(answers::run(arguments)));
    match done.and_then(|answer| answer.print(json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(json);
            ExitCode::FAILURE
        }
    }
}
