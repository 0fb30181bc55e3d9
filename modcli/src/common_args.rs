// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options that insmod and rmmod share.
//!
//! ```
//! use clap::Parser;
//! use modcli::CommonArgs;
//!
//! #[derive(Parser)]
//! struct Args {
//!     #[command(flatten)]
//!     common: CommonArgs,
//! }
//! let args = Args::parse_from(["rmmod", "-vv", "--explain"]);
//! assert_eq!((args.common.verbose, args.common.explain), (2, true));
//! ```

use clap::{ArgAction, Args};

/// The heading in the help text of options that kmod's commands do not have.
pub const SCRIPTS_HEADING: &str = "Scripting and troubleshooting";

/// kmod's `-s` and `-v`, and what scripts and people miss in kmod. clap adds `-V` and `-h`. Each command says
/// in its own help text what `--idempotent` and `--explain` mean for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct CommonArgs {
    /// Send messages to the system log instead of standard error
    #[arg(short, long)]
    pub syslog: bool,

    /// Print warnings; repeat it for notices, information and debugging messages
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Succeed if there is nothing to do
    #[arg(long, help_heading = SCRIPTS_HEADING)]
    pub idempotent: bool,

    /// On error, explain it
    #[arg(long, help_heading = SCRIPTS_HEADING)]
    pub explain: bool,

    /// On error, show what the kernel logged meanwhile
    #[arg(long, help_heading = SCRIPTS_HEADING)]
    pub show_log: bool,

    /// Print error numbers along with their messages
    #[arg(long, help_heading = SCRIPTS_HEADING)]
    pub errno: bool,

    /// Copy /proc/kallsyms and /proc/modules to /var/log/ksymoops afterwards, once a boot at most
    #[arg(long, help_heading = SCRIPTS_HEADING)]
    pub snapshot: bool,
}
