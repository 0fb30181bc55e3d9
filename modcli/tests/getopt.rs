// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules of `getopt_long`, one test each. The expected messages are glibc's; where its options allow,
//! they were taken from a run of kmod 30.

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, Command};
    use modcli::{Invocation, Output, Status, getopt, parse};

    fn command() -> Command {
        let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
        Command::new("tool")
            .version("1")
            .arg(flag("force").short('f'))
            .arg(flag("force-vermagic"))
            .arg(flag("syslog").short('s'))
            .arg(Arg::new("verbose").short('v').long("verbose").action(ArgAction::Count))
            .arg(Arg::new("keep").short('k').long("keep").value_parser(["auto", "off"]))
            .arg(Arg::new("wait").short('w').long("wait").num_args(0..=1).require_equals(true))
            .arg(Arg::new("operands").num_args(0..))
    }

    fn invocation(args: &[&str]) -> Invocation {
        Invocation::new(std::iter::once("/bin/tool").chain(args.iter().copied()))
    }

    /// The canonical form in one line, or the error.
    fn read(invocation: &Invocation) -> String {
        let mut command = command();
        command.build();
        match getopt::canonical(&command, invocation) {
            Ok(args) => args[1..].iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    fn check(args: &[&str], expected: &str) {
        assert_eq!(read(&invocation(args)), expected, "{args:?}");
    }

    #[test]
    fn options_may_follow_operands() {
        check(&["m.ko", "-f", "a=1", "--syslog"], "--force --syslog -- m.ko a=1");
    }

    #[test]
    fn posixly_correct_ends_that() {
        let invocation = Invocation { posixly_correct: true, ..invocation(&["-s", "m.ko", "-f", "--", "x"]) };
        assert_eq!(read(&invocation), "--syslog -- m.ko -f -- x");
    }

    #[test]
    fn two_dashes_end_the_options_and_one_is_an_operand() {
        check(&["-f", "--", "-s", "--"], "--force -- -s --");
        check(&["-", "-f"], "--force -- -");
        check(&["", "-f"], "--force -- ");
    }

    #[test]
    fn a_long_name_may_be_cut_short() {
        check(&["--sys"], "--syslog --");
        check(&["--k=off"], "--keep=off --");
        check(&["--force-v"], "--force-vermagic --");
        // A complete name is not taken for an abbreviation of a longer one.
        check(&["--force"], "--force --");
    }

    #[test]
    fn but_not_too_short() {
        check(&["--ver"], "option '--ver' is ambiguous; possibilities: '--verbose' '--version'");
    }

    #[test]
    fn what_is_unique_in_kmod_stays_so() {
        for cut in ["--f", "--fo", "--for", "--forc", "--force"] {
            check(&[cut], "--force --");
        }
        check(&["--fo=1"], "option '--force' doesn't allow an argument");
        check(&["--force-"], "--force-vermagic --");
        // Only kmod's options are listed, as kmod lists them.
        check(&["--v"], "option '--v' is ambiguous; possibilities: '--verbose' '--version'");
    }

    #[test]
    fn a_value_may_be_left_out_where_the_option_has_a_default() {
        check(&["--wait", "foo"], "--wait -- foo");
        check(&["--wa=3", "foo"], "--wait=3 -- foo");
        check(&["-w", "foo"], "--wait -- foo");
        check(&["-w3", "foo"], "--wait=3 -- foo");
    }

    #[test]
    fn short_options_may_be_bundled() {
        check(&["-fvv"], "--force --verbose --verbose --");
        check(&["-fkoff", "x"], "--force --keep=off -- x");
        check(&["-fk", "off", "x"], "--force --keep=off -- x");
    }

    #[test]
    fn a_value_may_be_the_next_argument_whatever_it_looks_like() {
        check(&["--keep", "auto", "x"], "--keep=auto -- x");
        check(&["--keep", "--"], "option '--keep' must be auto or off, not '--'");
    }

    #[test]
    fn unknown_options() {
        check(&["-p"], "invalid option -- 'p'");
        check(&["-fp"], "invalid option -- 'p'");
        check(&["--bogus"], "unrecognized option '--bogus'");
        check(&["--bogus=3"], "unrecognized option '--bogus=3'");
    }

    #[test]
    fn values_missing_and_not_wanted() {
        check(&["--keep"], "option '--keep' requires an argument");
        check(&["-k"], "option requires an argument -- 'k'");
        check(&["--sys=1"], "option '--syslog' doesn't allow an argument");
        check(&["--keep="], "option '--keep' must be auto or off, not ''");
    }

    #[test]
    fn help_and_version_win_when_they_are_met() {
        check(&["-fh", "--bogus"], "--help");
        check(&["x", "--version", "-p"], "--version");
        check(&["-p", "--help"], "invalid option -- 'p'");
        check(&["-hp"], "--help");
    }

    #[test]
    fn errors_go_to_standard_error_under_the_name_as_typed() {
        let mut output = Output::captured("/bin/tool");
        assert_eq!(parse(command(), &invocation(&["-p"]), &mut output).unwrap_err(), Status::Failure);
        assert_eq!(output.stderr(), "/bin/tool: invalid option -- 'p'\n");
        assert_eq!(output.stdout(), "");
    }

    #[test]
    fn version_goes_to_standard_output() {
        let mut output = Output::captured("/bin/tool");
        assert_eq!(parse(command(), &invocation(&["-fV"]), &mut output).unwrap_err(), Status::Success);
        assert_eq!(output.stdout(), "tool 1\n");
        assert_eq!(output.stderr(), "");
    }

    #[test]
    fn an_option_may_be_repeated() {
        let mut output = Output::captured("tool");
        let args = invocation(&["-ff", "--keep=off", "-vvv", "--force", "-kauto"]);
        let matches = parse(command(), &args, &mut output).unwrap();
        assert!(matches.get_flag("force"));
        assert_eq!(matches.get_count("verbose"), 3);
        assert_eq!(matches.get_one::<String>("keep").unwrap(), "auto");
    }

    #[test]
    fn names_that_are_not_utf8_arrive_whole() {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"\xff.ko");
        let mut output = Output::captured("tool");
        let matches = parse(command(), &Invocation::new([name, name]), &mut output);
        // The operands of this command are strings; those of insmod are not.
        assert!(matches.is_err());
        let mut command = command();
        command.build();
        assert_eq!(getopt::canonical(&command, &Invocation::new([name, name])).unwrap()[2], name);
    }
}
