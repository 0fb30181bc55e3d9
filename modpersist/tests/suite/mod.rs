// SPDX-License-Identifier: MIT OR Apache-2.0
//! One command after the other.

use std::process::ExitCode;

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::NOTE_SECTION;
use libmodsys::{Errno, Kernel};
use modkeep::{KeepMode, KeeperLoad, Plan, Region, Request, plan};
use modpersist::{Args, Command};
use modtest::{FakeKernel, FakeModule, Op};
use serde_json::Value;

use modtest::keeper_exports::{kernel, note_of_unknown_version};
use modtest::module::Make;

/// Loads the module and removes it, so that its data is kept.
fn keep(kernel: &FakeKernel, name: &str) {
    let file = ModuleFile::new(Make::typical(name).build(), 1 << 20);
    let request = Request { file: &file, keep: KeepMode::Require, fresh: false, assume_unloaded: false };
    let Plan::Keeper { region_use, owner, images, .. } = plan(kernel, request).unwrap() else { panic!() };
    let load = KeeperLoad { region_use, owner: &owner, images: &images, may_fall_back: false, kept_bytes: 0 };
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

fn json(kernel: &FakeKernel, command: Command) -> (bool, Value) {
    let (success, text) = run(kernel, command);
    (success, serde_json::from_str(&text).unwrap())
}

#[test]
fn an_unreadable_keeper_does_not_hide_the_others() {
    let kernel = kernel();
    keep(&kernel, "foo");
    kernel.add(FakeModule::new("bar__persist").note(NOTE_SECTION, &note_of_unknown_version()));
    let (success, text) = run(&kernel, Command::List { json: false });
    assert!(!success);
    assert!(text.contains("foo__persist\n"), "{text}");
    assert!(
        text.contains("bar__persist: bar__persist keeps data, but its header cannot be read\n"),
        "{text}"
    );
    let (success, value) = json(&kernel, Command::List { json: true });
    assert!(!success);
    let find =
        |keeper: &str| value.as_array().unwrap().iter().find(|entry| entry["keeper"] == keeper).unwrap();
    assert_eq!(find("foo__persist")["owner"], "foo");
    assert!(find("bar__persist")["error"].as_str().unwrap().contains("cannot be read"));
}

#[test]
fn contents_that_are_cut_or_denied_are_said() {
    let kernel = kernel();
    keep(&kernel, "foo");
    let show = || Command::Show { owner: "foo".into(), json: true };
    let addresses = Region::list(&kernel).unwrap().remove(0).addresses;
    kernel.set(|settings| {
        for (_, address) in addresses {
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
    assert_eq!((success, &value["verdict"]), (false, &Value::from("plain")), "{value:#}");
    assert!(value["message"].as_str().unwrap().starts_with("would be loaded plainly: "), "{value:#}");
    kernel.set(|settings| settings.sig_enforce = None);
    keep(&kernel, "foo");
    kernel.set(|settings| settings.sig_enforce = Some(true));
    let (_, value) = json(&kernel, Command::Check { file: file.clone(), json: true });
    assert!(value["message"].as_str().unwrap().starts_with("would not be loaded: "), "{value:#}");
}
