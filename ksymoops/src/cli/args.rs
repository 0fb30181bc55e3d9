// SPDX-License-Identifier: MIT OR Apache-2.0
//! The options of ksymoops.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser, ValueEnum};

use crate::Warning;

const ABOUT: &str = "\
Decode kernel oops reports.

Reads logs (standard input if no FILE is given), also compressed by gzip, xz or
zstd, or in the QR code of a panic screen. Prints them, after `;;`, with the
answer above each report (what, where, who, what is unknown) and annotations
under each line: functions, source lines and inlined calls, the instructions of
a Code line, and the fields of persistent variables that registers and other
addresses point to.

Files of the kernel and its modules are found by release and build id, in the
places where distributions install them, and on servers if DEBUGINFOD_URLS
names some. Files of another build are not used.
What cannot be determined is shown as unknown.";

const EXAMPLES: &str = "\
Examples:
  dmesg | ksymoops                        use this machine's files
  ksymoops --dmesg                        decode the running kernel's own log
  ksymoops --summary oops                 print only what, where and who
  ksymoops --format=html oops >oops.html  make a page for a browser
  ksymoops -v vmlinux -o modules/ oops    name the files to use
  ksymoops --persist journal/ oops        use another machine's journal
  ksymoops -k /proc/kallsyms -A ffffffff81234567
                                          look up an address of this kernel
  ksymoops --format=json oops | jq .      print JSON for other programs
  zbarimg screen.jpg | ksymoops           decode the QR code of a panic screen
  ksymoops --serve -v vmlinux             answer requests, one on a line
  ksymoops --format=ksymoops -VKLO -m System.map oops
                                          print what ksymoops 2.4 would

Of -v and -V, -k and -K, -l and -L, -o and -O, -m and -M the last one is used.
Exit status: 0 on success; 1 after a warning or an error; 2 if nothing was done,
or if --fail-if-none found no report; 3 if --one-shot found no report.";

/// The options.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "ksymoops", about = ABOUT, long_about = None, disable_version_flag = true)]
#[command(override_usage = "ksymoops [OPTIONS] [FILE...]", after_help = EXAMPLES)]
pub(super) struct Args {
    /// The kernel image with symbols; in names of files, *r, *m, *n and *s stand for what uname -r, -m, -n
    /// and -s print
    #[arg(short = 'v', long, value_name = "FILE")]
    pub vmlinux: Vec<PathBuf>,

    /// Use no vmlinux
    #[arg(short = 'V', long)]
    pub no_vmlinux: bool,

    /// A copy of /proc/kallsyms from the same boot; of kernels before 2.6, of /proc/ksyms, with
    /// --format=ksymoops
    #[arg(short = 'k', long, value_name = "FILE")]
    pub ksyms: Vec<PathBuf>,

    /// Use no copy of /proc/kallsyms
    #[arg(short = 'K', long)]
    pub no_ksyms: bool,

    /// A copy of /proc/modules from the same boot
    #[arg(short = 'l', long, value_name = "FILE")]
    pub lsmod: Vec<PathBuf>,

    /// Use no copy of /proc/modules
    #[arg(short = 'L', long)]
    pub no_lsmod: bool,

    /// A module, or a directory to search for modules; may be repeated
    #[arg(short = 'o', long, value_name = "PATH")]
    pub object: Vec<PathBuf>,

    /// Use no modules
    #[arg(short = 'O', long)]
    pub no_object: bool,

    /// The kernel's System.map
    #[arg(short = 'm', long, value_name = "FILE")]
    pub system_map: Vec<PathBuf>,

    /// Use no System.map
    #[arg(short = 'M', long)]
    pub no_system_map: bool,

    /// Write all symbols of the files of -v, -k, -m and -o to FILE, as a map for -m
    #[arg(short = 's', long, value_name = "FILE")]
    pub save_map: Vec<PathBuf>,

    /// Decode the addresses in TEXT, words of at least 4 hexadecimal digits, and places such as
    /// symbol+0x1/0x2 [module]; may be repeated
    #[arg(short = 'A', long, value_name = "TEXT")]
    pub addresses: Vec<String>,

    /// A directory laid out like /usr/lib/debug; may be repeated
    #[arg(long, value_name = "DIR")]
    pub debug_dir: Vec<PathBuf>,

    /// Search the usual places below DIR, such as another machine's disk
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,

    /// Use only files that are named by options
    #[arg(long)]
    pub no_discovery: bool,

    /// The kernel's release, if the log does not name it
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,

    /// How far the kernel was moved at boot (KASLR), in hexadecimal
    #[arg(long, value_name = "HEX")]
    pub kaslr_offset: Option<String>,

    /// Where persistent data is described: journal files, directories of them, copies of /sys/module/KEEPER
    /// and of /sys/kernel/btf/vmlinux; may be repeated
    #[arg(long, value_name = "PATH")]
    pub persist: Vec<PathBuf>,

    /// Do not read /var/log/ksymoops
    #[arg(long)]
    pub no_journal: bool,

    /// The boot of the journal that the log is from, by the beginning of its id
    #[arg(long, value_name = "ID")]
    pub boot: Option<String>,

    /// Read the running kernel's log, and use what the running kernel says
    #[arg(long)]
    pub dmesg: bool,

    /// Answer the requests of another program, JSON objects on lines of standard input
    #[arg(long, conflicts_with_all = ["addresses", "dmesg", "save_map", "one_shot", "fail_if_none", "files", "format"])]
    pub serve: bool,

    /// Stop after the first report; exit with 3 if there is none
    #[arg(short = '1', long, action = ArgAction::Count)]
    pub one_shot: u8,

    /// Exit with 2 if there is no report
    #[arg(long)]
    pub fail_if_none: bool,

    /// Print only the head of each report: what, where, who, and what is unknown
    #[arg(long, group = "part")]
    pub summary: bool,

    /// Print the heads with the call traces, one entry a line
    #[arg(long, group = "part")]
    pub frames: bool,

    /// Leave out what is not part of a report
    #[arg(long, group = "part")]
    pub only_reports: bool,

    /// The kernel's sources: print lines of them
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,

    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Annotated)]
    pub format: Format,

    /// With --format=ksymoops: one line for each instruction; given twice, two again
    #[arg(short = 'S', long, action = ArgAction::Count)]
    pub short_lines: u8,

    /// With --format=ksymoops: swap the bytes within each word of a Code line
    #[arg(short = 'e', long, action = ArgAction::Count)]
    pub endian_swap: u8,

    /// With --format=ksymoops: offsets and sizes in decimal; given twice, hexadecimal again
    #[arg(short = 'x', long, action = ArgAction::Count)]
    pub hex: u8,

    /// With -k and -o: do not believe the paths of module files in /proc/ksyms
    #[arg(short = 'i', long, action = ArgAction::Count)]
    pub ignore_insmod_path: u8,

    /// With -k and -o: ignore all that insmod recorded in /proc/ksyms
    #[arg(short = 'I', long, action = ArgAction::Count)]
    pub ignore_insmod_all: u8,

    /// With --format=ksymoops: only so many low bits of an address count; 0 for all
    #[arg(short = 'T', long, value_name = "BITS", allow_negative_numbers = true)]
    pub truncate: Vec<i64>,

    /// With --format=ksymoops: the processor by its object format, such as elf32-i386; ? for a list
    #[arg(short = 't', long, value_name = "TARGET")]
    pub target: Vec<String>,

    /// With --format=ksymoops: the processor by its name, such as i386; ? for a list
    #[arg(short = 'a', long, value_name = "NAME")]
    pub architecture: Vec<String>,

    /// Say on standard error where symbols are read from; twice, how many the merged map has
    #[arg(short = 'd', long, action = ArgAction::Count)]
    pub debug: u8,

    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,

    /// Print the version
    #[arg(long, action = ArgAction::SetTrue)]
    pub version: bool,

    /// Logs to decode, or the URL in a panic screen's QR code; - for standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl Args {
    /// Reads the options from clap's matches. Of two options that conflict the last one is used, with
    /// a warning.
    ///
    /// # Errors
    /// Those of clap.
    pub fn new(matches: &ArgMatches, warnings: &mut Vec<Warning>) -> Result<Self, clap::Error> {
        let mut args = Self::from_arg_matches(matches)?;
        let last = |name: &str| {
            let given = matches.value_source(name) == Some(ValueSource::CommandLine);
            given.then(|| matches.indices_of(name).and_then(Iterator::max)).flatten()
        };
        for (name, no_name, lower, no) in [
            ("vmlinux", "no_vmlinux", 'v', &mut args.no_vmlinux),
            ("ksyms", "no_ksyms", 'k', &mut args.no_ksyms),
            ("lsmod", "no_lsmod", 'l', &mut args.no_lsmod),
            ("object", "no_object", 'o', &mut args.no_object),
            ("system_map", "no_system_map", 'm', &mut args.no_system_map),
        ] {
            let Some((at, no_at)) = last(name).zip(last(no_name)) else { continue };
            let upper = lower.to_ascii_uppercase();
            *no = no_at >= at;
            let used = if *no { upper } else { lower };
            warnings.push(Warning::ExclusiveOptions { lower, upper, used });
        }
        for (option, count) in [
            ('v', args.vmlinux.len()),
            ('k', args.ksyms.len()),
            ('l', args.lsmod.len()),
            ('m', args.system_map.len()),
            ('s', args.save_map.len()),
            ('T', args.truncate.len()),
            ('t', args.target.len()),
            ('a', args.architecture.len()),
        ] {
            if count > 1 {
                warnings.push(Warning::RepeatedOption { option, count });
            }
        }
        if args.format != Format::Ksymoops {
            let given = [
                ('S', args.short_lines > 0),
                ('e', args.endian_swap > 0),
                ('x', args.hex > 0),
                ('T', !args.truncate.is_empty()),
                ('t', !args.target.is_empty()),
                ('a', !args.architecture.is_empty()),
            ];
            let given = given.into_iter().filter(|(_, given)| *given);
            warnings.extend(given.map(|(option, _)| Warning::ClassicOnly { option }));
        }
        Ok(args)
    }

    /// `-1`
    pub fn one_shot(&self) -> bool {
        is_on(self.one_shot)
    }
}

/// Whether an option is on that was given so many times: each turns it on or off, as in ksymoops 2.4.
pub(super) const fn is_on(count: u8) -> bool {
    !count.is_multiple_of(2)
}

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The log with annotations
    Annotated,
    /// One JSON object for each report, one per line
    Json,
    /// A page for a browser, which needs nothing else
    Html,
    /// The output of ksymoops 2.4
    Ksymoops,
}

/// `--color`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The clap definition, for parsing, help, manual page and completions.
#[must_use]
pub fn command() -> Command {
    Args::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> (Args, Vec<Warning>) {
        let matches = command().args_override_self(true).get_matches_from(words);
        let mut warnings = Vec::new();
        (Args::new(&matches, &mut warnings).unwrap(), warnings)
    }

    #[test]
    fn of_a_pair_the_last_one_is_used() {
        let (last, warnings) = args(&["ksymoops", "-V", "-v", "vmlinux", "-o", "a", "-o", "b", "-O"]);
        assert!(!last.no_vmlinux && last.no_object && last.object.len() == 2);
        let texts: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["-v and -V conflict; using the last one, -v", "-o and -O conflict; using the last one, -O"]
        );
        assert_eq!(args(&["ksymoops", "-VKLO", "-m", "System.map"]).1, []);
    }

    #[test]
    fn a_repeated_option_is_said() {
        for (option, value) in
            [('v', "a"), ('k', "a"), ('l', "a"), ('m', "a"), ('s', "a"), ('T', "32"), ('t', "a"), ('a', "a")]
        {
            let option = format!("-{option}");
            let words = ["ksymoops", "--format=ksymoops", &option, value, &option, value];
            let texts: Vec<_> = args(&words).1.iter().map(ToString::to_string).collect();
            assert_eq!(texts, [format!("{option} was given 2 times; using the last one")]);
            assert_eq!(args(&words[..4]).1, []);
        }
        let (last, warnings) =
            args(&["ksymoops", "-v", "a", "-o", "a", "-o", "b", "-A", "c", "-A", "d", "-v", "e"]);
        assert_eq!((last.vmlinux.last(), warnings.len()), (Some(&PathBuf::from("e")), 1));
    }

    #[test]
    fn a_toggle_given_twice_is_off() {
        assert!(args(&["ksymoops", "-1"]).0.one_shot() && !args(&["ksymoops", "-1", "-1"]).0.one_shot());
        let thrice = args(&["ksymoops", "-i", "-I", "-i", "-i", "-I"]).0;
        assert!(is_on(thrice.ignore_insmod_path) && !is_on(thrice.ignore_insmod_all));
    }
}
