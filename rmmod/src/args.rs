// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of rmmod.

use std::ffi::OsString;

use clap::{Command, CommandFactory, Parser};
use modcli::CommonArgs;

const ABOUT: &str = "\
Remove modules from the Linux kernel.

Each MODULE is a name, or the path of an existing file named after the module.
Data that a module marks __persistent stays in the kernel until the module is
loaded again, or until it is discarded.";

const USAGE: &str = "rmmod [OPTIONS] MODULE...";

const EXAMPLES: &str = "\
Examples:
  rmmod foo            remove a module; its persistent data stays
  rmmod --discard foo  drop the data, too; also if foo is not loaded
  rmmod ./foo.ko bar   remove several modules, in this order

Remove modules that use others first. modprobe -r finds the order itself.";

/// The command line.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "rmmod", version = modcli::long_version(), about = ABOUT, long_about = None)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub struct Args {
    /// Remove modules even if they are in use; taints the kernel and may crash it
    #[arg(short, long)]
    pub force: bool,

    /// Also drop the persistent data
    #[arg(long)]
    pub discard: bool,

    /// The options shared with insmod.
    #[command(flatten)]
    pub common: CommonArgs,

    /// Wait until nothing uses the module, for SECONDS at most
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        help_heading = modcli::SCRIPTS_HEADING
    )]
    pub wait: Option<OsString>,

    /// Also remove the modules that it used, if nothing else uses them
    #[arg(short = 'r', long, help_heading = "From modutils")]
    pub stacks: bool,

    /// Save the parameters of modules loaded with insmod --persist (of all if none is given); remove nothing
    #[arg(short = 'e', long, help_heading = "From modutils")]
    pub persist: bool,

    /// Names of modules, or paths of their files
    // Optional for clap, as kmod's message is to appear if it is missing.
    #[arg(value_name = "MODULE")]
    pub modules: Vec<OsString>,
}

/// The definition, for help, manual page and completions.
#[must_use]
pub fn command() -> Command {
    Args::command().mut_args(|arg| match arg.get_id().as_str() {
        "idempotent" => arg.help("Succeed if the module is not loaded"),
        "explain" => arg.help("On error, explain it: what uses the module"),
        _ => arg,
    })
}
