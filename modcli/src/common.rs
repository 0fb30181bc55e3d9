// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options that insmod and rmmod both have.

use clap::{ArgAction, Args};

/// `-s` and `-v`, and what people have asked for; `-V` and `-h` are clap's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct CommonArgs {
    /// Send messages to the system log, not to standard error
    #[arg(short, long)]
    pub syslog: bool,

    /// Say more: warnings; given again notices, information, details
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Call it success if nothing is left to do: the module is loaded, or absent
    #[arg(long, help_heading = "For scripts and for finding faults")]
    pub idempotent: bool,

    /// Under an error, say what is known: symbols and who has them, versions, who holds the module
    #[arg(long, help_heading = "For scripts and for finding faults")]
    pub explain: bool,

    /// Under an error, show what the kernel logged meanwhile
    #[arg(long, help_heading = "For scripts and for finding faults")]
    pub show_log: bool,

    /// Give the error number with its words
    #[arg(long, help_heading = "For scripts and for finding faults")]
    pub errno: bool,
}
