// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line.

use std::env;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};
use modcli::{escape, os_text};

/// Look at the persistent data of kernel modules.
#[derive(Debug, Parser)]
#[command(
    name = "modpersist",
    version,
    after_help = "Examples:\n  modpersist list              what is kept in the kernel now\n  \
                  modpersist show meter        the kept variables of meter and their contents\n  \
                  modpersist check meter.ko    would this file use what is kept?"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Args {
    /// The arguments of this process. If they are wrong, or only ask for help or the version, it ends here.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::try_parse_from(env::args_os()).unwrap_or_else(|_| {
            // The message quotes the arguments, which may be names that somebody else chose.
            let args = env::args_os().map(|arg| escape::line(&os_text(arg)).into_owned());
            Self::parse_from(args)
        })
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what is kept in the kernel: a line for each section of each owner
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the kept variables of one owner, with their contents from /proc/kcore
    Show {
        /// The owner of the data
        owner: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print lines for modprobe.d that make modprobe load OWNER with our insmod
    ModprobeConf {
        /// The module whose data is to be kept
        owner: String,
    },
    /// Put the types of the persistent variables into FILE itself, so that strip -g leaves them there
    Embed {
        /// A module file built with -g, neither compressed nor signed; it is changed
        file: PathBuf,
    },
    /// Say whether loading FILE would keep its data, or use what is kept, and if not, why
    Check {
        /// A module file, compressed or not
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// The definition, for manual page and completions.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}
