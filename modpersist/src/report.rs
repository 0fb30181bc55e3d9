// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the result of a command to the exit code.

use std::io;
use std::process::ExitCode;

use anyhow::Result;
use modcli::{escape, without_os_error};

/// The exit code for a result. An error is printed with its causes. If the reader has gone away
/// (`modpersist list | head -1`), that is no error.
#[must_use]
pub fn report(result: Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            let broken_pipe = error
                .chain()
                .filter_map(|cause| cause.downcast_ref::<io::Error>())
                .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe);
            if broken_pipe {
                return ExitCode::SUCCESS;
            }
            let text = without_os_error(&format!("{error:#}"));
            // Standard error may be closed; then there is nobody left to tell.
            let _ = escape::write_line(&mut io::stderr(), format_args!("modpersist: {text}"));
            ExitCode::from(2)
        }
    }
}
