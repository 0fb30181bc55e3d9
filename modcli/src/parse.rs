// SPDX-License-Identifier: MIT OR Apache-2.0
//! Command line to clap's matches, by the rules of `getopt_long`.

use clap::error::ErrorKind;
use clap::{ArgMatches, Command};

use crate::{Invocation, Output, Status, getopt};

/// Width of the help text, in columns.
const HELP_WIDTH: usize = 80;

/// Parses the arguments.
///
/// # Errors
/// The status to exit with; the message has been written. Success after help or version, failure after an
/// error in the options.
pub fn parse(command: Command, invocation: &Invocation, output: &mut Output) -> Result<ArgMatches, Status> {
    // getopt lets options be repeated; the last one counts. The width is fixed so that help is the same
    // everywhere, tests included.
    let mut command = command.args_override_self(true).term_width(HELP_WIDTH);
    command.build();
    let canonical = match getopt::canonical(&command, invocation) {
        Ok(canonical) => canonical,
        Err(error) => {
            output.usage_error(error);
            return Err(Status::Failure);
        }
    };
    command.try_get_matches_from(canonical).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output.print(error.render());
            Status::Success
        }
        // Such as options that conflict, for which getopt has no message.
        _ => {
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            output.usage_error(text.lines().next().unwrap_or_default());
            Status::Failure
        }
    })
}

/// The version that all commands of this project print after their name: `insmod (modpersist) 0.1.0`.
#[must_use]
pub const fn long_version() -> &'static str {
    concat!("(modpersist) ", env!("CARGO_PKG_VERSION"))
}
