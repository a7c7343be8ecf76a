//! The daemon and its commands. What each does to a value is in the libraries; this crate reads the
//! command line and the configuration, wires the stages together, and answers over HTTP.

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::command::Failure;

mod callback;
mod canary;
mod cli;
mod command;
mod config;
mod diff;
mod feeds;
mod http;
mod opml;
mod output;
mod records;
mod run;
mod sample;
mod schema;
mod stage;
mod telemetry;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(wrong) => {
            // Help and version arrive here too, for stdout and with exit code 0.
            let shown = wrong.print();
            return ExitCode::from(if shown.is_ok() && !wrong.use_stderr() {
                0
            } else {
                2
            });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::NotStarted(error.into())),
    };
    let outcome = runtime.block_on(command::execute(cli));
    // Work that was given up after the grace period does not hold up the end.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the one line that says why the program ends"
)]
fn fail(failure: &Failure) -> ExitCode {
    let (code, error) = match failure {
        Failure::NotStarted(error) => (2, error),
        Failure::Running(error) => (1, error),
    };
    eprintln!("claimwire: {}", output::plain(&format!("{error:#}")));
    ExitCode::from(code)
}
