// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options that the insmod of modutils had and kmod's has not.

use std::ffi::OsString;

use clap::Args;
use modcli::Output;

/// Those that mean something still. Those that do not are taken and ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "From modutils")]
pub struct ModutilsArgs {
    /// Let several loads of FILE go one after the other; loaded already is success then
    #[arg(short = 'L', long)]
    pub lock: bool,

    /// Say nothing when the module cannot be loaded
    #[arg(short, long)]
    pub quiet: bool,

    /// Look at everything, but do not load: file, versions, symbols, parameters
    #[arg(short, long)]
    pub noload: bool,

    /// Like --noload --quiet: only the exit code counts
    #[arg(long)]
    pub probe: bool,

    /// Print sections and symbols of the loaded module
    #[arg(short, long)]
    pub map: bool,

    /// Load FILE only if it belongs to root
    #[arg(short, long)]
    pub root: bool,

    /// Keep parameters in DATA, an absolute path; '' stands for a file below persistdir
    #[arg(short = 'e', long, value_name = "DATA")]
    pub persist: Option<OsString>,

    #[command(flatten)]
    ignored: IgnoredArgs,
}

/// Options without a meaning on today's kernels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
struct IgnoredArgs {
    /// Ignored: the kernel unloads nothing by itself
    #[arg(short = 'k', long, hide = true)]
    autoclean: bool,

    /// Ignored: the kernel keeps symbol names by itself
    #[arg(short = 'S', long, hide = true)]
    kallsyms: bool,

    /// Ignored: a module's source says what is exported
    #[arg(short = 'x', long, hide = true)]
    noexport: bool,

    /// Ignored: a module's source says what is exported
    #[arg(short = 'X', long, hide = true)]
    export: bool,

    /// Ignored: there are no such symbols any more
    #[arg(short = 'y', long, hide = true)]
    noksymoops: bool,

    /// Ignored: there are no such symbols any more
    #[arg(short = 'Y', long, hide = true)]
    ksymoops: bool,

    /// Ignored: the kernel compares the version magic
    #[arg(short = 'N', long, hide = true)]
    numeric_only: bool,

    /// Ignored: versions of symbols have no prefix any more
    #[arg(short = 'P', long, hide = true, value_name = "PREFIX")]
    prefix: Option<OsString>,

    /// Ignored: the kernel links the module, nobody sees the result
    #[arg(short = 'O', long, hide = true, value_name = "FILE")]
    blob: Option<OsString>,
}

impl ModutilsArgs {
    /// Whether nothing is to be loaded.
    #[must_use]
    pub fn is_dry(&self) -> bool {
        self.noload || self.probe
    }

    /// Whether nothing is to be said.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet || self.probe
    }

    /// Notes each option that was given for nothing.
    pub(crate) fn note_ignored(&self, output: &mut Output) {
        let given = &self.ignored;
        let options = [
            ("autoclean", given.autoclean),
            ("kallsyms", given.kallsyms),
            ("noexport", given.noexport),
            ("export", given.export),
            ("noksymoops", given.noksymoops),
            ("ksymoops", given.ksymoops),
            ("numeric-only", given.numeric_only),
            ("prefix", given.prefix.is_some()),
            ("blob", given.blob.is_some()),
        ];
        for (name, _) in options.iter().filter(|(_, given)| *given) {
            output.warning(format_args!("--{name} means nothing on this kernel: ignored"));
        }
    }
}
