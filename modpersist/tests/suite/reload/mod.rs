// SPDX-License-Identifier: MIT OR Apache-2.0
//! `reload`, on a fake kernel: what goes and comes, in which order, and what is left if a step fails.

mod exchanged;
mod in_between;
mod refused;
mod went_wrong;

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Parser;
use libmodfmt::elf::flags;
use libmodsys::{Errno, Kernel, PersistSupport, RemoveFlags};
use modcli::Output;
use modpersist::{Args, Command};
use modrecord::Paths;
use modtest::keeper_exports::{kernel, kernel_with};
use modtest::module::{Make, R_64, signed};
use modtest::{Call, FakeKernel, FakeModule, LoadRequest, Op};
use serde_json::Value;

/// A section that makes the init function fail.
const FAILS: &str = ".rodata.fails";

/// One machine: a kernel, and folders for records and modules.
struct Machine {
    kernel: FakeKernel,
    paths: Paths,
    folder: tempfile::TempDir,
}

/// What a command has printed.
#[derive(Debug)]
struct Ran {
    is_success: bool,
    out: String,
    err: String,
}

impl Machine {
    fn new(kernel: FakeKernel) -> Self {
        kernel.set(|settings| {
            settings.boot = Some(Default::default());
            settings.kallsyms = b"ffffffff81000000 T _printk\nffffffff81000010 D jiffies\n\
                ffffffff81000020 R param_ops_int\n"
                .to_vec();
        });
        let folder = tempfile::tempdir().unwrap();
        let below = |name: &str| folder.path().join(name);
        let paths = Paths {
            save_locations: below("run/parameters"),
            owner_sections: below("run/sections"),
            loaded_images: below("run/images"),
            reloads: below("run/reload"),
            logs: below("no-logs"),
            ..Paths::default()
        };
        Self { kernel, paths, folder }
    }

    fn write(&self, name: &str, make: &Make) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, make.build()).unwrap();
        path
    }

    /// Runs `reload` with these arguments; `@NAME` is a file in the folder.
    fn reload(&self, args: &[&str]) -> Ran {
        let args = args.iter().map(|arg| match arg.strip_prefix('@') {
            Some(name) => self.folder.path().join(name).to_str().unwrap().to_owned(),
            None => (*arg).to_owned(),
        });
        let words = ["modpersist".to_owned(), "reload".to_owned()].into_iter().chain(args);
        let Command::Reload(args) = Args::parse_from(words).command else { panic!() };
        let (mut out, mut output) = (Vec::new(), Output::captured("modpersist"));
        let code = modpersist::run_reload(&args, &self.kernel, &self.paths, &mut out, &mut output).unwrap();
        assert_said_once(&output.stderr());
        Ran {
            // ExitCode cannot be compared.
            is_success: format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS),
            out: self.masked(&String::from_utf8(out).unwrap()),
            err: self.masked(&output.stderr()),
        }
    }

    /// Without what differs from run to run.
    fn masked(&self, text: &str) -> String {
        let text = text.replace(self.folder.path().to_str().unwrap(), "DIR");
        // Made-up files have no types.
        let lines = text.lines().filter(|line| !line.contains("were not compared with what is kept"));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        let mut parts = text.split("away for ");
        let mut masked = parts.next().unwrap().to_owned();
        for part in parts {
            masked.push_str("away for N");
            masked.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.'));
        }
        masked
    }

    /// What was loaded and removed since the last call.
    fn history_since(&self, before: usize) -> Vec<String> {
        self.kernel.history().split_off(before)
    }

    fn count(&self) -> usize {
        self.kernel.history().len()
    }

    /// The parameters of the last load of a module.
    fn params(&self, module: &str) -> String {
        let name = |image: &[u8]| modtest::module::parse(image).name.clone();
        let calls = self.kernel.syscalls().into_iter().rev();
        let mut found = calls.filter_map(|call| match call {
            Call::Init { image, params } | Call::Finit { image, params, .. } if name(&image) == module => {
                Some(params.into_string().unwrap())
            }
            _ => None,
        });
        found.next().unwrap()
    }

    fn remove(&self, module: &str) {
        let name = std::ffi::CString::new(module).unwrap();
        self.kernel.delete_module(&name, RemoveFlags::default()).unwrap();
    }

    fn has_state(&self, owner: &str) -> bool {
        self.paths.reloads.join(owner).exists()
    }

    fn build_id(&self, module: &str) -> u8 {
        *self.kernel.module(module).unwrap().notes[".note.gnu.build-id"].last().unwrap()
    }
}

impl Ran {
    #[track_caller]
    fn succeeded(&self, out: &str) {
        assert!(self.is_success, "{self:?}");
        assert_eq!((&*self.out, &*self.err), (out, ""));
    }

    #[track_caller]
    fn failed(&self, err: &str) {
        assert!(!self.is_success, "{self:?}");
        assert_eq!((&*self.out, &*self.err), ("", err));
    }
}

/// What is wrong with a load is said by the load or by the reload, not by both.
#[track_caller]
fn assert_said_once(stderr: &str) {
    // Behind the name of the command there is the module or its file; the version before has another one.
    let text = |line: &'_ str| -> Option<(bool, String)> {
        let (subject, text) = line.split_once("WARNING: ")?.1.split_once(": ")?;
        Some((subject.contains("/run/images/"), text.to_owned()))
    };
    let mut texts: Vec<(bool, String)> = stderr.lines().filter_map(text).collect();
    texts.sort_unstable();
    let all = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), all, "{stderr}");
}

/// A version of a module with persistent data.
fn owner(name: &str, build: u8) -> Make {
    let mut make = with_persistent_parameter(name, build);
    make.without_relocations("__param");
    make.relocate("__param", 0, R_64, ".rodata.str1.1", 6);
    make.relocate("__param", 16, R_64, "param_ops_int", 0);
    make.relocate("__param", 32, R_64, ".data", 0);
    writable(&mut make);
    make
}

/// Root may write to the parameter.
fn writable(make: &mut Make) {
    make.change("__param", |section| {
        let mut data = section.data.to_vec();
        data[24..26].copy_from_slice(&0o644_u16.to_le_bytes());
        section.set_data(data);
    });
}

/// The same, with the value of its parameter `size` in persistent data.
fn with_persistent_parameter(name: &str, build: u8) -> Make {
    let mut make = Make::typical(name);
    make.build_id(build);
    make
}

/// A module on top, without persistent data.
fn on_top(name: &str, uses: &[&str]) -> Make {
    let mut make = Make::bare(name);
    make.build_id(9);
    make.depends(uses);
    make.section(".rodata.str1.1", flags::ALLOC, 1, b"hello\0size\0");
    make.section("__param", flags::ALLOC, 8, &[0; 40]);
    make.undefined("param_ops_int");
    make.relocate("__param", 0, R_64, ".rodata.str1.1", 6);
    make.relocate("__param", 16, R_64, "param_ops_int", 0);
    writable(&mut make);
    make
}

/// The init function of a file with this section fails.
fn init(request: &LoadRequest<'_>) -> Result<(), Errno> {
    let image = modtest::module::parse(request.image);
    if image.object.section(FAILS).is_some() { Err(Errno::ENODEV) } else { Ok(()) }
}

fn failing(mut make: Make) -> Make {
    make.section(FAILS, flags::ALLOC, 1, b"x");
    make
}

/// `NAME` is loaded in its first version, and its file is the second one by now.
fn loaded(kernel: FakeKernel, name: &str, params: &[&str]) -> Machine {
    let machine = Machine::new(kernel);
    let file = format!("@{name}.ko");
    machine.write(&format!("{name}.ko"), &owner(name, 1));
    let ran = machine.reload(&[&[file.as_str()], params].concat());
    ran.succeeded(&format!("{name}: loaded\n"));
    machine.write(&format!("{name}.ko"), &owner(name, 2));
    machine
}
