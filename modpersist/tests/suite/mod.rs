// SPDX-License-Identifier: MIT OR Apache-2.0
//! One command after the other.

mod compat;
mod compiled;
mod reload;
mod save;
mod show;
mod show_kernel_types;

use std::process::ExitCode;

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::NOTE_SECTION;
use libmodsys::{Errno, Kernel};
use modkeep::{KeepMode, KeeperLoad, Plan, Region, Request, plan};
use modpersist::{Args, Command, ListForm, ShowArgs};
use modrecord::Paths;
use modtest::{FakeKernel, FakeModule, Op};
use serde_json::Value;

use modtest::hostile::{FILE_NAME, NAME, assert_harmless};
use modtest::keeper_exports::{kernel, note_of_unknown_version};
use modtest::module::{DATA, Make, R_64, signed};

/// Loads the module and removes it, so that its data is kept.
fn keep(kernel: &FakeKernel, name: &str) {
    let file = ModuleFile::new(Make::typical(name).build(), 1 << 20);
    let request = Request { keep: KeepMode::Require, ..Request::new(&file) };
    let Plan::Keeper { region_use, owner, images, .. } = plan(kernel, request).unwrap() else { panic!() };
    let load = KeeperLoad { region_use, owner: &owner, region: None, images: &images, may_fall_back: false };
    load.run(kernel, c"", &|_| ()).unwrap();
    let name = std::ffi::CString::new(name).unwrap();
    kernel.delete_module(&name, libmodsys::RemoveFlags::default()).unwrap();
}

fn run(kernel: &FakeKernel, command: Command) -> (bool, String) {
    let mut out = Vec::new();
    let code = modpersist::run(&Args { command }, kernel, &mut out).unwrap();
    // ExitCode cannot be compared.
    (format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS), String::from_utf8(out).unwrap())
}

fn show_command(owner: &str, json: bool) -> Command {
    Command::Show(ShowArgs { json, ..ShowArgs::of(owner) })
}

fn json(kernel: &FakeKernel, command: Command) -> (bool, Value) {
    let (success, text) = run(kernel, command);
    (success, serde_json::from_str(&text).unwrap())
}

#[test]
fn an_unreadable_keeper_does_not_hide_the_others() {
    let kernel = kernel();
    keep(&kernel, "foo");
    kernel.add(FakeModule::new("bar__persist").note(NOTE_SECTION, &note_of_unknown_version()));
    let (success, text) = run(&kernel, Command::List { json: false, wide: false });
    assert!(!success);
    assert!(text.contains("foo__persist\n"), "{text}");
    assert!(
        text.contains("bar__persist: bar__persist keeps data, but its header cannot be read\n"),
        "{text}"
    );
    let (success, value) = json(&kernel, Command::List { json: true, wide: false });
    assert!(!success);
    let find =
        |keeper: &str| value.as_array().unwrap().iter().find(|entry| entry["keeper"] == keeper).unwrap();
    assert_eq!(find("foo__persist")["owner"], "foo");
    assert!(find("bar__persist")["error"].as_str().unwrap().contains("cannot be read"));
}

#[test]
fn a_wide_list_has_a_line_a_keeper_with_users_and_build_id() {
    let kernel = kernel();
    let owner = "a".repeat(50);
    keep(&kernel, &owner);
    let lines = |wide, columns| {
        let mut out = Vec::new();
        let form = ListForm { json: false, wide, columns };
        modpersist::run_list(&kernel, &Paths::default(), form, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let on_terminal = lines(false, Some(80));
    assert!(on_terminal.lines().count() > 2 && on_terminal.lines().all(|line| line.len() <= 80));
    // A program that reads it finds the names whole, and each row in one line.
    let in_pipe = lines(false, None);
    let [_, row] = in_pipe.lines().collect::<Vec<_>>()[..] else { panic!("{in_pipe}") };
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((words[0], words[words.len() - 1]), (&*owner, &*libmodfmt::persist::keeper_name(&owner)));
    let wide = lines(true, Some(80));
    let [heading, row] = wide.lines().collect::<Vec<_>>()[..] else { panic!("{wide}") };
    assert!(heading.trim_end().ends_with("USED BY  BUILD ID"), "{wide}");
    assert!(row.starts_with(&owner) && row.ends_with(&format!("  -        {}", "07".repeat(20))), "{wide}");
}

#[test]
fn contents_that_are_cut_or_denied_are_said() {
    let kernel = kernel();
    keep(&kernel, "foo");
    let show = || show_command("foo", true);
    let addresses = Region::list(&kernel).unwrap().remove(0).generations.remove(0).addresses;
    kernel.set(|settings| {
        for address in addresses {
            settings.memory.insert(address.known().unwrap(), vec![7; 0x2000]);
        }
    });
    let (_, value) = json(&kernel, show());
    let variables = value["sections"][1]["variables"].as_array().unwrap();
    assert!(
        variables.iter().any(|variable| variable["size"] == 4096 && variable["bytes_cut"] == true),
        "{value:#}"
    );
    assert!(value["contents_denied"].is_null() && value["sections"][0]["address_denied"].is_null());
    kernel.fail_always(Op::Memory, Errno::EPERM);
    let (_, value) = json(&kernel, show());
    assert_eq!(value["named"], true);
    assert!(value["contents_denied"].as_str().unwrap().contains("Operation not permitted"), "{value:#}");
}

#[test]
fn an_obstacle_means_a_plain_load_by_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("foo.ko");
    std::fs::write(&file, Make::typical("foo").build()).unwrap();
    let kernel = kernel();
    kernel.set(|settings| settings.sig_enforce = Some(true));
    let (success, value) = json(&kernel, Command::Check { file: file.clone(), json: true });
    assert_eq!((success, &value["verdict"]), (false, &Value::from("no")), "{value:#}");
    assert!(value["message"].as_str().unwrap().contains("it is not signed"), "{value:#}");
    std::fs::write(&file, signed(&Make::typical("foo").build())).unwrap();
    let (success, value) = json(&kernel, Command::Check { file: file.clone(), json: true });
    assert_eq!((success, &value["verdict"]), (false, &Value::from("plain")), "{value:#}");
    assert!(value["message"].as_str().unwrap().starts_with("would be loaded plainly: "), "{value:#}");
    kernel.set(|settings| settings.sig_enforce = None);
    keep(&kernel, "foo");
    kernel.set(|settings| settings.sig_enforce = Some(true));
    let (_, value) = json(&kernel, Command::Check { file: file.clone(), json: true });
    assert!(value["message"].as_str().unwrap().starts_with("would not be loaded: "), "{value:#}");
}

/// Runs a command as text and as JSON. Neither may do anything to a terminal.
fn harmless(kernel: &FakeKernel, command: impl Fn(bool) -> Command) -> String {
    let mut shown = String::new();
    for json in [true, false] {
        let mut out = Vec::new();
        if let Err(error) = modpersist::run(&Args { command: command(json) }, kernel, &mut out) {
            // As the program prints it.
            modcli::escape::write_line(&mut out, format_args!("{error:#}")).unwrap();
        } else if json {
            serde_json::from_slice::<Value>(&out).unwrap();
        }
        assert_harmless(&out);
        shown = String::from_utf8(out).unwrap();
    }
    shown
}

#[test]
fn names_from_files_and_notes_are_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("foo.ko");
    let mut make = Make::small("foo");
    make.file(NAME);
    make.change(DATA, |section| section.set_data(vec![0; 24]));
    make.local(NAME, DATA, 16, 8);
    std::fs::write(&file, make.build()).unwrap();
    let kernel = kernel();
    let check = |json| Command::Check { file: file.clone(), json };
    let shown = "evil\\x1b]0;pwned\\x07\\x1b[2J\\nmodpersist: all is well\\r\\t\\x7f\\u{9b}31m\\u{202e}";
    let text = harmless(&kernel, check);
    assert!(text.contains(shown), "{text}");
    // Refused, with the variable's name.
    let mut refused = make.clone();
    refused.relocate(DATA, 16, R_64, ".text", 0);
    std::fs::write(&file, refused.build()).unwrap();
    let text = harmless(&kernel, check);
    assert!(text.contains("would not be loaded") && text.contains(shown), "{text}");

    let mut header = make_header(&make.build());
    for variable in &mut header.units[0].variables {
        variable.type_name = Some(format!("struct {NAME}"));
    }
    let note = header.to_note(libmodfmt::elf::ByteOrder::NATIVE);
    kernel.add(FakeModule::new("foo__persist").note(NOTE_SECTION, &note));
    harmless(&kernel, |json| show_command("foo", json));
    let wide = |json| Command::Show(ShowArgs { json, wide: true, ..ShowArgs::of("foo") });
    let text = harmless(&kernel, wide);
    assert!(text.contains(&format!("struct {shown}")), "{text}");
    harmless(&kernel, |json| Command::List { json, wide: false });
    harmless(&kernel, |json| show_command(NAME, json));
    kernel.add(FakeModule::new("other").note(NOTE_SECTION, &note_of_unknown_version()).holders(&[NAME]));
    harmless(&kernel, |json| Command::List { json, wide: false });
}

fn make_header(file: &[u8]) -> libmodfmt::persist::Header {
    modtest::module::inventory(&modtest::module::parse(file)).header
}

#[test]
fn names_of_files_are_harmless() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(std::ffi::OsStr::from_bytes(FILE_NAME));
    let check = |json| Command::Check { file: file.clone(), json };
    harmless(&kernel(), check);
    std::fs::write(&file, "no module").unwrap();
    harmless(&kernel(), check);
    std::fs::write(&file, Make::small("foo").build()).unwrap();
    let text = harmless(&kernel(), check);
    assert!(text.contains("\\x9b31m\\xff\\u{202e}.ko: nothing is kept for foo yet"), "{text}");
}

#[test]
fn only_regular_files_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (file, wanted) in [
        (fifo, "not a regular file"),
        ("/dev/zero".into(), "not a regular file"),
        (folder.path().into(), "Is a directory"),
    ] {
        let command = Command::Check { file, json: false };
        let error = modpersist::run(&Args { command }, &kernel(), &mut Vec::new()).unwrap_err();
        assert!(format!("{error:#}").contains(wanted), "{error:#}");
    }
}

#[test]
fn an_owner_that_is_a_path_is_not_looked_for() {
    let kernel = kernel();
    for owner in ["../../tmp/x", "..", "", "a/b", "a\nb"] {
        let command = show_command(owner, false);
        let error = modpersist::run(&Args { command }, &kernel, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().ends_with("cannot be the name of a module"), "{error}");
    }
    assert_eq!(kernel.calls(), []);
}
