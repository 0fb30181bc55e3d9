// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options that every command has.

use clap::{ArgAction, Args};

/// `-s` and `-v`; `-V` and `-h` are clap's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct CommonArgs {
    /// Send messages to the system log, not to standard error
    #[arg(short, long)]
    pub syslog: bool,

    /// Say more: warnings; given again notices, information, details
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}
