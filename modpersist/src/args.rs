// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line.

use std::env;
use std::ffi::OsString;
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
        /// Also print users and build ids, and do not break lines at 80 columns, as is done on a terminal
        #[arg(long)]
        wide: bool,
    },
    /// Show the kept variables of one owner as a debugger would
    Show(ShowArgs),
    /// Save the kept values of OWNER in FILE, so that they outlive a reboot
    #[command(
        after_help = "FILE is JSON as `modpersist show --json` prints it, with the types. Only root can read it.\n\n\
                      Examples:\n  modpersist save meter /root/meter.json\n  \
                      modpersist save meter - | gzip > meter.json.gz"
    )]
    Save {
        /// The owner of the data
        owner: String,
        /// The file to write; - is standard output
        file: PathBuf,
    },
    /// Load a module with the values that save has written, after a reboot or on another kernel
    Restore(RestoreArgs),
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
    /// Say whether loading FILE would keep its data, or use what is kept, and if not, why; of a loaded OWNER,
    /// which kept data points into it
    Check {
        /// A module file, compressed or not, or the name of a loaded module
        #[arg(value_name = "FILE|OWNER")]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Split FILE into a module and the keeper of its data, when it is built: files that can be signed, and
    /// that any modprobe loads
    Split(SplitArgs),
    /// Exchange a loaded module for the version in FILE, with a way back
    Reload(ReloadArgs),
    /// List the tokens that modules have left in the kernel by name_token
    #[command(
        after_help = "There are tokens where the module name_token is loaded, or built in. See docs/options.md."
    )]
    Tokens {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what the site has decided in /etc/modpersist.conf, and in which line
    #[command(after_help = "The exit status is 1 if something is wrong with the files.\n\n\
                      Examples:\n  modpersist config          all settings\n  \
                      modpersist config meter    those that hold for meter")]
    Config {
        /// A module
        owner: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say for versions of one module whether each could use the data that another has left
    Compat(CompatArgs),
}

/// What `restore` loads, and with which values.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Only what needs no address is restored. The exit status is 0 if the module was loaded, 1 if it\n\
                  was not, and 2 if a file cannot be read. insmod --restore=SAVED FILE does the same.\n\n\
                  Examples:\n  \
                  modpersist restore --dry-run meter.ko meter.json      what would be restored?\n  \
                  modpersist restore meter.ko meter.json                load the file with these values\n  \
                  modpersist restore --drop=samples meter meter.json    all but this variable or field"
)]
pub struct RestoreArgs {
    /// The module's file, or its name if it is installed
    #[arg(value_name = "FILE|OWNER")]
    pub module: PathBuf,
    /// What `modpersist save` has written
    pub saved: PathBuf,
    /// Parameters for the module
    #[arg(value_name = "NAME[=VALUE]")]
    pub params: Vec<OsString>,
    /// Start a variable or field from the file's initial value
    #[arg(long, value_name = "FIELD")]
    pub drop: Vec<String>,
    /// Only say what would be restored
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `compat` compares.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "No kernel is asked, so this runs where modules are built. The exit status is 0 if each\n\
                  file can use the data of every file before it, 1 if one cannot, and 2 after an error.\n\n\
                  Examples:\n  \
                  modpersist compat v1.ko v2.ko v3.ko         a table, and what changes\n  \
                  modpersist compat --json old.ko new.ko      for a program\n  \
                  modpersist compat --back old.ko new.ko      also fail if old.ko could not come back"
)]
pub struct CompatArgs {
    /// Module files, the oldest first
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The exit status is also 1 if a file cannot use the data of a later one
    #[arg(long)]
    pub back: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `split` makes, and for which kernel.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(
    after_help = "It needs no root. FILE is what the compiler made, with -g and before strip. It is left as it is.\n\
                  The exit status is 0 if it was split, 1 if it cannot be, and 2 after an error. A passphrase of\n\
                  the key is taken from KBUILD_SIGN_PIN. See docs/split.md.\n\n\
                  Examples:\n  \
                  modpersist split meter.ko                       for the kernel that runs, into ./split\n  \
                  modpersist split --headers /lib/modules/6.1.0-56-amd64/build meter.ko\n  \
                  modpersist split --sign-with MOK.priv MOK.der meter.ko\n  \
                  modpersist split --bind-to old/meter__persist.ko meter.ko   to what is kept"
)]
pub struct SplitArgs {
    /// The module file
    pub file: PathBuf,
    /// The folder for the new files [default: split, beside FILE]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A module of the kernel that FILE is for, one that exports a symbol [default: the running kernel]
    #[arg(long, value_name = "MODULE")]
    pub sample: Option<PathBuf>,
    /// The headers of the kernel that FILE is for
    #[arg(long, value_name = "DIR", conflicts_with = "sample")]
    pub headers: Option<PathBuf>,
    /// Sign the files with this key and its certificate
    #[arg(long, num_args = 2, value_names = ["KEY", "CERT"])]
    pub sign_with: Vec<OsString>,
    /// The digest of the signatures
    #[arg(long, default_value = "sha256")]
    pub hash: String,
    /// Bind FILE to this keeper, made by an earlier split; all of them have to be given
    #[arg(long, value_name = "KEEPER")]
    pub bind_to: Vec<PathBuf>,
}

/// What `reload` loads, and how.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(
    after_help = "Everything is checked while the old version runs. If the new one does not come up, the old\n\
                  one is loaded again, with its parameters and its data. Modules on top are unloaded first\n\
                  and loaded again. The exit status is 0 if all of this went well, 1 if not.\n\n\
                  Examples:\n  \
                  modpersist reload ./meter.ko              exchange meter for this version\n  \
                  modpersist reload ./meter.ko debug=1      with another value of a parameter\n  \
                  modpersist reload --dry-run ./meter.ko    only say what would be done\n  \
                  modpersist reload --watch ./meter.ko      after each make\n  \
                  modpersist reload --resume meter          finish what was interrupted"
)]
pub struct ReloadArgs {
    /// The module file
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    pub file: Option<PathBuf>,
    /// Parameters; those not named keep their values
    #[arg(value_name = "NAME[=VALUE]")]
    pub params: Vec<OsString>,
    /// Check everything and say what would be done, but do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Reload each time FILE has changed, until Ctrl-C
    #[arg(long, conflicts_with_all = ["resume", "dry_run"])]
    pub watch: bool,
    /// A file that a module is loaded from again: one on top of it, or the version that runs
    #[arg(long, value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Reload although the version that runs could not be loaded again
    #[arg(long)]
    pub no_way_back: bool,
    /// Finish a reload of OWNER that was interrupted: bring back the version before, and what was on top
    #[arg(long, value_name = "OWNER")]
    pub resume: Option<String>,
    /// Start from the initial values, all or those of VAR; then drop what was kept
    // Nothing stands for all.
    #[arg(long, value_name = "VAR", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub fresh: Vec<String>,
    /// Convert a variable although its new type lacks FIELD
    #[arg(long, value_name = "FIELD")]
    pub drop: Vec<String>,
    /// Bind what is kept as OLD to the variable NEW
    #[arg(long, value_name = "OLD=NEW", value_parser = rename)]
    pub renamed: Vec<(String, String)>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn rename(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.to_owned(), new.to_owned())),
        _ => Err("it takes OLD=NEW".to_owned()),
    }
}

/// What `show` shows, and how.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "Examples:\n  modpersist show meter                      all variables of meter\n  \
                  modpersist show meter meter.stats.sum      one field\n  \
                  modpersist show meter 'meter.c:table[3]'   one element\n  \
                  modpersist show --follow meter samples     a list, with its entries\n  \
                  modpersist show --json meter > before; ...\n  \
                  modpersist show --diff before meter        what has changed")]
pub struct ShowArgs {
    /// The owner of the data
    pub owner: String,
    /// A variable, or a part of one, as C writes it.
    #[arg(
        value_name = "VAR[.FIELD]",
        help = "A variable or a part of one, as C writes it: VAR, FILE.c:VAR.FIELD, VAR[3].FIELD, VAR->FIELD"
    )]
    pub path: Option<String>,
    /// Show N entries of each list and tree, and N objects that pointers lead to
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "16",
        value_parser = follow_limit
    )]
    pub follow: Option<usize>,
    /// Show only what has changed since FILE was made with --json
    #[arg(long, value_name = "FILE")]
    pub diff: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Do not break lines at 80 columns
    #[arg(long)]
    pub wide: bool,
}

impl ShowArgs {
    /// All of an owner's variables as text.
    #[must_use]
    pub fn of(owner: &str) -> Self {
        Self { owner: owner.to_owned(), ..Self::default() }
    }
}

/// Most objects of one list.
const MAX_FOLLOWED: usize = 10_000;

fn follow_limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(limit) if (1..=MAX_FOLLOWED).contains(&limit) => Ok(limit),
        _ => Err(format!("a number from 1 to {MAX_FOLLOWED} is needed")),
    }
}

/// The definition, for manual page and completions.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}
