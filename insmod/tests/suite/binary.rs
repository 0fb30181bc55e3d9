// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program itself, with command lines that end before any module is loaded.

use std::io::pipe;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

fn insmod(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_insmod"));
    command.args(args).env_remove("POSIXLY_CORRECT");
    command
}

fn text(output: &Output) -> (Option<i32>, &str, &str) {
    let words = |bytes| std::str::from_utf8(bytes).unwrap();
    (output.status.code(), words(&output.stdout), words(&output.stderr))
}

/// A pipe without a reader.
fn broken_pipe() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn messages_begin_with_the_base_name_and_getopts_with_the_name_as_typed() {
    let output = insmod(&["-"]).arg0("/sbin/my-insmod").output().unwrap();
    let err = "my-insmod: ERROR: this tool does not support loading from stdin!\n";
    assert_eq!(text(&output), (Some(1), "", err));
    let output = insmod(&["-p"]).arg0("/sbin/my-insmod").output().unwrap();
    assert_eq!(text(&output), (Some(1), "", "/sbin/my-insmod: invalid option -- 'p'\n"));
}

#[test]
fn posixly_correct_is_respected() {
    let output = insmod(&["/no/such.ko", "-p"]).env("POSIXLY_CORRECT", "1").output().unwrap();
    let err = "insmod: ERROR: could not load module /no/such.ko: No such file or directory\n";
    let (code, out, said) = text(&output);
    assert_eq!((code, out), (Some(1), ""));
    assert!(said.ends_with(err), "{said}");
}

#[test]
fn a_broken_pipe_does_no_harm() {
    assert_eq!(insmod(&["-h"]).stdout(broken_pipe()).status().unwrap().code(), Some(0));
    assert_eq!(insmod(&["-"]).stderr(broken_pipe()).status().unwrap().code(), Some(1));
}

#[test]
fn the_guard_works_only_for_insmod() {
    for stdin in [Stdio::null(), pipe().unwrap().0.into(), broken_input()] {
        let output = insmod(&["--take-back-when-killed", "loop"]).stdin(stdin).output().unwrap();
        assert_eq!(text(&output), (Some(1), "", ""));
    }
    assert_eq!(insmod(&["--take-back-when-killed"]).output().unwrap().status.code(), Some(1));
}

/// The end of a pipe that nobody writes to.
fn broken_input() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(writer);
    reader.into()
}
