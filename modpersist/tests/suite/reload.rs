// SPDX-License-Identifier: MIT OR Apache-2.0
//! `reload`, on a fake kernel: what goes and comes, in which order, and what is left if a step fails.

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

#[test]
fn one_module() {
    let machine = loaded(kernel(), "alone", &["size=3"]);
    assert_eq!(machine.kernel.history(), ["+alone__persist", "+alone"]);
    machine.reload(&["@alone.ko"]).succeeded("alone: reloaded, away for N ms\n");
    assert_eq!(machine.history_since(2), ["-alone", "+alone"]);
    assert_eq!((machine.build_id("alone"), &*machine.params("alone")), (2, "size=3"));
    assert!(!machine.has_state("alone"));
    let ran = machine.reload(&["--json", "@alone.ko", "size=4"]);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&value["result"], &value["runs"]), (&"reloaded".into(), &"new".into()));
    assert_eq!(value["parameters"], "size=4");
    assert!(value["away_ms"].as_f64().is_some_and(|away| away > 0.0));
    assert_eq!(machine.params("alone"), "size=4");
}

#[test]
fn a_value_that_was_written_since_is_given_again() {
    let machine = loaded(kernel(), "written", &["size=3"]);
    machine.kernel.change("written", |module| {
        module.parameters.insert("size".into(), b"5".to_vec());
    });
    machine.reload(&["@written.ko"]).succeeded("written: reloaded, away for N ms\n");
    assert_eq!(machine.params("written"), "size=5");
    // A default of the version before is not made the new version's.
    let machine = loaded(kernel(), "default", &[]);
    machine.kernel.change("default", |module| {
        module.parameters.insert("size".into(), b"5".to_vec());
    });
    machine.reload(&["@default.ko"]).succeeded("default: reloaded, away for N ms\n");
    assert_eq!(machine.params("default"), "size=5");
    machine.reload(&["@default.ko", "size=1"]).succeeded("default: reloaded, away for N ms\n");
    assert_eq!(machine.params("default"), "size=1");
}

#[test]
fn a_persistent_parameter_keeps_its_value_by_itself() {
    let machine = Machine::new(kernel());
    machine.write("itself.ko", &with_persistent_parameter("itself", 1));
    assert!(machine.reload(&["@itself.ko", "size=3"]).is_success);
    machine.write("itself.ko", &with_persistent_parameter("itself", 2));
    machine.reload(&["@itself.ko"]).succeeded("itself: reloaded, away for N ms\n");
    assert_eq!(machine.params("itself"), "");
    machine.reload(&["@itself.ko", "size=4"]).succeeded("itself: reloaded, away for N ms\n");
    assert_eq!(machine.params("itself"), "size=4");
}

/// What depends on what, the order of removals, and that of the loads after that.
type Shape = (&'static [(&'static str, &'static [&'static str])], &'static [&'static str]);

const SHAPES: &[Shape] = &[
    (&[("a", &["base"])], &["a"]),
    (&[("a", &["base"]), ("b", &["base"])], &["b", "a"]),
    (&[("a", &["base"]), ("b", &["a"])], &["b", "a"]),
    (&[("a", &["base"]), ("b", &["a"]), ("c", &["b"])], &["c", "b", "a"]),
    (&[("a", &["base"]), ("b", &["base"]), ("c", &["a", "b"])], &["c", "b", "a"]),
    (&[("a", &["base"]), ("b", &["a", "base"])], &["b", "a"]),
    (&[("a", &["base"]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c", "base"])], &["d", "c", "b", "a"]),
    (&[("a", &["base"]), ("b", &["base"]), ("c", &["a"]), ("d", &["b"])], &["d", "b", "c", "a"]),
    (&[("other", &[]), ("a", &["base", "other"])], &["a"]),
    (
        &[("a", &["base"]), ("b", &["a"]), ("c", &["base"]), ("d", &["a", "c"]), ("e", &["d"])],
        &["e", "d", "c", "b", "a"],
    ),
];

#[test]
fn chains_of_modules_on_top() {
    for (index, (modules, _)) in SHAPES.iter().enumerate() {
        let name = format!("base{index}");
        let machine = loaded(kernel(), &name, &[]);
        let real = |module: &str| match module {
            "base" => name.clone(),
            module => format!("{module}{index}"),
        };
        for (module, uses) in *modules {
            let uses: Vec<String> = uses.iter().map(|used| real(used)).collect();
            let uses: Vec<&str> = uses.iter().map(String::as_str).collect();
            machine.write(&format!("{}.ko", real(module)), &on_top(&real(module), &uses));
            let ran = machine.reload(&[&format!("@{}.ko", real(module)), &format!("size={}", uses.len())]);
            assert!(ran.is_success, "{ran:?}");
        }
        let before = machine.count();
        let ran = machine.reload(&[&format!("@{name}.ko")]);
        assert!(ran.is_success && ran.err.is_empty(), "{ran:?}");
        let history = machine.history_since(before);
        // The fake kernel refuses to remove what is used, and to load what lacks what it uses.
        let on_top: Vec<String> =
            modules.iter().map(|(module, _)| *module).filter(|module| *module != "other").map(real).collect();
        assert_eq!(history.len(), 2 * (on_top.len() + 1), "{history:?}");
        assert_eq!(history[on_top.len()], format!("-{name}"));
        for (module, uses) in modules.iter().filter(|(module, _)| *module != "other") {
            assert_eq!(machine.params(&real(module)), format!("size={}", uses.len()));
            assert!(machine.kernel.is_loaded(&real(module)));
        }
        let count = match on_top.len() {
            1 => "1 module on top was".to_owned(),
            count => format!("{count} modules on top were"),
        };
        assert!(
            ran.out.starts_with(&format!("{name}: reloaded, away for N ms; {count} reloaded: ")),
            "{ran:?}"
        );
    }
}

#[test]
fn a_layout_that_is_refused_changes_nothing() {
    let machine = loaded(kernel(), "layout", &[]);
    let mut other = owner("layout", 3);
    other.symbols(|symbol| {
        if &*symbol.name == b"clock" {
            symbol.size = 4;
        }
        true
    });
    machine.write("layout.ko", &other);
    let before = machine.count();
    let ran = machine.reload(&["@layout.ko"]);
    assert!(!ran.is_success && ran.out.is_empty(), "{ran:?}");
    let head = "modpersist: ERROR: layout was not reloaded: its persistent data differs from what is kept in \
        the kernel\nmodpersist: ERROR:   ";
    assert!(ran.err.starts_with(head), "{}", ran.err);
    assert!(
        ran.err.ends_with("\nmodpersist: ERROR: nothing has changed: layout runs as before\n"),
        "{}",
        ran.err
    );
    assert_eq!((machine.count(), machine.build_id("layout")), (before, 1));
    assert!(!machine.has_state("layout"));
}

#[test]
fn on_an_extended_kernel_the_file_goes_in_as_it_is() {
    let kernel = kernel_with(init);
    kernel.set(|settings| settings.persist_support = PersistSupport::Extended);
    let machine = Machine::new(kernel);
    let put = |make: &Make| {
        fs::write(machine.folder.path().join("signed.ko"), signed(&make.build())).unwrap();
    };
    put(&owner("signed", 1));
    machine.reload(&["@signed.ko", "size=3"]).succeeded("signed: loaded\n");
    assert_eq!(machine.kernel.history()[0], "+file signed");
    machine.write("signed_top.ko", &on_top("signed_top", &["signed"]));
    assert!(machine.reload(&["@signed_top.ko", "size=1"]).is_success);
    // The image has its signature.
    let image = fs::read(machine.paths.loaded_images.join("signed.ko")).unwrap();
    assert_eq!(image, fs::read(machine.folder.path().join("signed.ko")).unwrap());
    put(&failing(owner("signed", 2)));
    let ran = machine.reload(&["@signed.ko"]);
    assert!(
        !ran.is_success && ran.err.contains("signed: the version before runs again, with its data"),
        "{ran:?}"
    );
    assert_eq!((machine.build_id("signed"), &*machine.params("signed")), (1, "size=3"));
    assert!(machine.kernel.keeps("signed") && machine.kernel.is_loaded("signed_top"));
    put(&owner("signed", 3));
    let before = machine.count();
    machine
        .reload(&["@signed.ko"])
        .succeeded("signed: reloaded, away for N ms; 1 module on top was reloaded: signed_top\n");
    let history = machine.history_since(before);
    assert_eq!(history[..3], ["-signed_top", "-signed", "+file signed"]);
    assert_eq!(history.last().unwrap(), "+file signed_top");
}

#[test]
fn a_version_without_persistent_data_is_refused_under_any_file_name() {
    let machine = loaded(kernel(), "dropped", &[]);
    let mut without = Make::bare("dropped");
    without.build_id(3);
    machine.write("dropped_v2.ko", &without);
    let before = machine.count();
    let ran = machine.reload(&["@dropped_v2.ko"]);
    assert!(ran.err.contains("its persistent data differs from what is kept in the kernel"), "{ran:?}");
    assert!(ran.err.ends_with("nothing has changed: dropped runs as before\n"), "{ran:?}");
    assert_eq!(machine.count(), before);
}

#[test]
fn an_init_that_fails_brings_the_version_before_back() {
    let machine = loaded(kernel_with(init), "goback", &["size=6"]);
    machine.write("goback_top.ko", &on_top("goback_top", &["goback"]));
    machine.reload(&["@goback_top.ko", "size=1"]).succeeded("goback_top: loaded\n");
    machine.write("goback.ko", &failing(owner("goback", 3)));
    let before = machine.count();
    machine.reload(&["@goback.ko"]).failed(
        "modpersist: ERROR: goback: could not load DIR/goback.ko: No such device\n\
         modpersist: ERROR: if its init function has run, what kept pointers lead to is as it left it\n\
         modpersist: ERROR: goback: the version before runs again, with its data, away for N ms; 1 module on \
         top was reloaded: goback_top\n",
    );
    let history = ["-goback_top", "-goback", "+goback", "+goback", "+goback_top"].map(|step| {
        // Without persistent data it is loaded from its file.
        step.replace("+goback_top", "+file goback_top")
    });
    assert_eq!(machine.history_since(before), history);
    assert_eq!((machine.build_id("goback"), &*machine.params("goback")), (1, "size=6"));
    // The image is still that of the version that runs.
    machine.write("goback.ko", &owner("goback", 4));
    assert!(machine.reload(&["@goback.ko"]).is_success);
    assert_eq!((machine.build_id("goback"), &*machine.params("goback")), (4, "size=6"));
}

#[test]
fn a_module_on_top_that_does_not_come_back_is_named() {
    let fails = Rc::new(RefCell::new(String::new()));
    let name = fails.clone();
    let machine = loaded(
        kernel_with(move |request| if *name.borrow() == request.name { Err(Errno::EIO) } else { Ok(()) }),
        "three",
        &[],
    );
    for top in ["three_a", "three_b", "three_c"] {
        machine.write(&format!("{top}.ko"), &on_top(top, &["three"]));
        assert!(machine.reload(&[&format!("@{top}.ko"), "size=1"]).is_success);
    }
    *fails.borrow_mut() = "three_b".to_owned();
    let ran = machine.reload(&["@three.ko"]);
    assert!(!ran.is_success, "{ran:?}");
    assert!(
        ran.err.contains("modpersist: ERROR: three: reloaded, away for N ms; 2 modules on top"),
        "{ran:?}"
    );
    assert!(ran.err.ends_with("modpersist: ERROR: three_b is not loaded: Input/output error\n"), "{ran:?}");
    assert!(machine.kernel.is_loaded("three_a") && machine.kernel.is_loaded("three_c"));
    // What belongs together is still known.
    fails.borrow_mut().clear();
    let ran = machine.reload(&["--resume", "three"]);
    assert!(ran.is_success && machine.kernel.is_loaded("three_b"), "{ran:?}");
    assert!(!machine.has_state("three"));
}

#[test]
fn a_module_on_top_without_a_file_is_a_refusal() {
    let machine = loaded(kernel(), "nofile", &[]);
    machine.write("nofile_top.ko", &on_top("nofile_top", &["nofile"]));
    assert!(machine.reload(&["@nofile_top.ko", "size=1"]).is_success);
    fs::rename(machine.folder.path().join("nofile_top.ko"), machine.folder.path().join("moved.ko")).unwrap();
    let before = machine.count();
    machine.reload(&["@nofile.ko"]).failed(
        "modpersist: ERROR: nofile was not reloaded: nofile_top uses it and could not be loaded again: no file \
         of it is found\n\
         modpersist: ERROR: --with FILE names the file that nofile_top is loaded from again\n\
         modpersist: ERROR: nothing has changed: nofile runs as before\n",
    );
    assert_eq!(machine.count(), before);
    let ran = machine.reload(&["--with", "@moved.ko", "@nofile.ko"]);
    ran.succeeded("nofile: reloaded, away for N ms; 1 module on top was reloaded: nofile_top\n");
    // An installed one will do, if it is the same build.
    let machine = loaded(kernel(), "installed", &[]);
    let top = on_top("installed_top", &["installed"]);
    let path = machine.write("elsewhere.ko", &top);
    fs::copy(&path, machine.folder.path().join("installed_top.ko")).unwrap();
    assert!(machine.reload(&["@installed_top.ko", "size=1"]).is_success);
    fs::remove_file(machine.folder.path().join("installed_top.ko")).unwrap();
    machine.kernel.set(|settings| {
        settings.installed_files.insert("installed_top".into(), path.clone());
    });
    assert!(machine.reload(&["@installed.ko"]).is_success);
    let mut other = top.clone();
    other.build_id(10);
    machine.write("elsewhere.ko", &other);
    let ran = machine.reload(&["@installed.ko"]);
    assert!(
        ran.err.contains("could not be loaded again: DIR/elsewhere.ko is another build of it"),
        "{ran:?}"
    );
}

#[test]
fn a_file_that_others_may_have_put_there_is_not_loaded() {
    let machine = loaded(kernel(), "planted", &[]);
    let top = machine.write("planted_top.ko", &on_top("planted_top", &["planted"]));
    assert!(machine.reload(&["@planted_top.ko", "size=1"]).is_success);
    let refused = || {
        let ran = machine.reload(&["@planted.ko"]);
        assert!(ran.err.contains("planted_top uses it and could not be loaded again"), "{ran:?}");
    };
    fs::set_permissions(&top, fs::Permissions::from_mode(0o666)).unwrap();
    refused();
    fs::set_permissions(&top, fs::Permissions::from_mode(0o644)).unwrap();
    // Only root can give it away.
    if std::os::unix::fs::chown(&top, Some(1234), None).is_ok() {
        refused();
        std::os::unix::fs::chown(&top, Some(0), None).unwrap();
    }
    assert!(machine.reload(&["@planted.ko"]).is_success);
}

#[test]
fn without_a_way_back_nothing_is_begun() {
    let machine = loaded(kernel_with(init), "noway", &[]);
    fs::remove_dir_all(&machine.paths.loaded_images).unwrap();
    let before = machine.count();
    machine.reload(&["@noway.ko"]).failed(
        "modpersist: ERROR: noway was not reloaded: there is no way back to the version that runs: DIR/noway.ko \
         is another build of it\n\
         modpersist: ERROR: --with FILE names the file that it was loaded from; --no-way-back does without\n\
         modpersist: ERROR: nothing has changed: noway runs as before\n",
    );
    assert_eq!(machine.count(), before);
    let ran = machine.reload(&["--no-way-back", "@noway.ko"]);
    assert!(ran.is_success && ran.err.contains("WARNING: noway: there is no way back"), "{ran:?}");
    // Without one, a failure leaves nothing but the data.
    fs::remove_dir_all(&machine.paths.loaded_images).unwrap();
    machine.write("noway.ko", &failing(owner("noway", 3)));
    let ran = machine.reload(&["--no-way-back", "@noway.ko"]);
    assert!(
        !ran.is_success && ran.err.contains("ERROR: the data of noway is still kept in the kernel"),
        "{ran:?}"
    );
    assert!(ran.err.ends_with("ERROR: noway is not loaded\n"), "{ran:?}");
    assert!(machine.kernel.is_loaded("noway__persist"));
}

#[test]
fn what_is_in_use_stays() {
    let machine = loaded(kernel(), "inuse", &[]);
    let before = machine.count();
    machine.kernel.change("inuse", |module| {
        module.extra_references = Some(1);
        module.outside_users.push("process 7 (cat) has /dev/inuse open".into());
    });
    machine.reload(&["@inuse.ko"]).failed(
        "modpersist: ERROR: inuse was not reloaded: inuse is in use: something holds it that is not a module\n\
         modpersist: ERROR:   process 7 (cat) has /dev/inuse open\n\
         modpersist: ERROR: nothing has changed: inuse runs as before\n",
    );
    assert_eq!(machine.count(), before);
    machine.kernel.change("inuse", |module| module.extra_references = Some(0));
    // The exit function of what is below it fails in the end: what was on top is back.
    machine.write("inuse_top.ko", &on_top("inuse_top", &["inuse"]));
    assert!(machine.reload(&["@inuse_top.ko", "size=1"]).is_success);
    machine.kernel.fail_after(Op::Delete, 1, Errno::EBUSY);
    let ran = machine.reload(&["@inuse.ko"]);
    assert!(
        !ran.is_success && ran.err.contains("inuse could not be unloaded: Device or resource busy"),
        "{ran:?}"
    );
    let line = "ERROR: inuse runs as before; 1 module on top was reloaded: inuse_top\n";
    assert!(ran.err.ends_with(line), "{ran:?}");
    assert!(machine.kernel.is_loaded("inuse_top") && machine.build_id("inuse") == 1);
    assert!(!machine.has_state("inuse"));
}

/// Another program loads the module as soon as it is gone.
fn autoloaded(name: &'static str, make: Make, is_bound: bool) -> Machine {
    let file = make.build();
    let done = RefCell::new(false);
    let kernel = kernel().on_remove(move |kernel, module| {
        if module.name != name || done.replace(true) {
            return;
        }
        if is_bound {
            // Our insmod of another process: bound to what is kept.
            let mut loaded = FakeModule::new(name).uses(&format!("{name}__persist"));
            let id =
                modtest::module::parse(&file).object.section(".note.gnu.build-id").unwrap().1.data.to_vec();
            loaded = loaded.note(".note.gnu.build-id", &id);
            kernel.add(loaded);
        } else {
            kernel.init_module(&file, c"").unwrap();
        }
    });
    loaded(kernel, name, &[])
}

#[test]
fn a_copy_that_another_program_loads_meanwhile_goes() {
    let machine = autoloaded("copied", owner("copied", 2), false);
    let ran = machine.reload(&["@copied.ko"]);
    assert!(ran.is_success, "{ran:?}");
    assert!(
        ran.err
            .contains("WARNING: copied: another program loaded it without its kept data meanwhile; it was"),
        "{ran:?}"
    );
    assert_eq!(machine.kernel.holders("copied__persist").unwrap(), ["copied"]);
    let machine = autoloaded("oldone", owner("oldone", 1), true);
    let ran = machine.reload(&["@oldone.ko"]);
    assert!(ran.is_success && ran.err.contains("another program loaded another build of it"), "{ran:?}");
    assert_eq!(machine.build_id("oldone"), 2);
    let machine = autoloaded("newone", owner("newone", 2), true);
    let ran = machine.reload(&["@newone.ko"]);
    assert!(
        ran.is_success && ran.err.contains("another program loaded the new version meanwhile"),
        "{ran:?}"
    );
    assert_eq!(machine.build_id("newone"), 2);
}

#[test]
fn killed_at_each_step_and_taken_up_again() {
    for resume in [true, false] {
        for step in 0..8 {
            let name = format!("killed{step}{resume}");
            let machine = loaded(kernel(), &name, &["size=2"]);
            for (top, below) in [("a", ""), ("b", "_a")] {
                let top = format!("{name}_{top}");
                machine.write(&format!("{top}.ko"), &on_top(&top, &[&format!("{name}{below}")]));
                assert!(machine.reload(&[&format!("@{top}.ko"), "size=8"]).is_success);
            }
            let tops = [format!("{name}_a"), format!("{name}_b")];
            let before = machine.count();
            machine.kernel.die_after(step);
            let ran = machine.reload(&[&format!("@{name}.ko")]);
            machine.kernel.revive();
            let is_done = machine.history_since(before).len() >= 6 && step >= 6;
            if is_done {
                continue;
            }
            let mut ran_again = if resume && machine.has_state(&name) {
                machine.reload(&["--resume", &name])
            } else {
                machine.reload(&[&format!("@{name}.ko")])
            };
            if !ran_again.is_success {
                ran_again = machine.reload(&[&format!("@{name}.ko")]);
            }
            assert!(ran_again.is_success, "{step}: {ran:?}, {ran_again:?}");
            for top in &tops {
                assert!(machine.kernel.is_loaded(top), "{step}: {ran:?}, {ran_again:?}");
                assert_eq!(machine.params(top), "size=8");
            }
            assert_eq!(machine.kernel.holders(&format!("{name}__persist")).unwrap(), [name.as_str()]);
            assert!(!machine.has_state(&name), "{step}");
        }
    }
}

#[test]
fn a_dry_run_says_it_all_and_does_nothing() {
    let machine = loaded(kernel(), "dry", &["size=3"]);
    machine.write("dry_top.ko", &on_top("dry_top", &["dry"]));
    assert!(machine.reload(&["@dry_top.ko", "size=1"]).is_success);
    let before = machine.count();
    machine.reload(&["--dry-run", "@dry.ko"]).succeeded(
        "dry: would be reloaded from DIR/dry.ko\n  \
         unloaded: dry_top, dry\n  \
         parameters: size=3\n  \
         loaded again: dry_top from DIR/dry_top.ko\n  \
         way back: DIR/run/images/dry.ko\n",
    );
    assert_eq!(machine.count(), before);
    assert!(!machine.has_state("dry"));
}

#[test]
fn files_that_cannot_be_loaded_change_nothing() {
    let machine = loaded(kernel(), "badfile", &[]);
    let before = machine.count();
    let ran = machine.reload(&["@none.ko"]);
    assert!(ran.err.contains("No such file or directory"), "{ran:?}");
    fs::write(machine.folder.path().join("badfile.ko"), "not a module at all").unwrap();
    assert!(!machine.reload(&["@badfile.ko"]).is_success);
    let mut missing = owner("badfile", 3);
    missing.undefined("no_such_symbol");
    machine.write("badfile.ko", &missing);
    machine.reload(&["@badfile.ko"]).failed(
        "modpersist: ERROR: badfile was not reloaded: Unknown symbol in module\n\
         modpersist: ERROR:   DIR/badfile.ko: unresolved symbol no_such_symbol\n\
         modpersist: ERROR: nothing has changed: badfile runs as before\n",
    );
    assert_eq!(machine.count(), before);
    machine.reload(&["--resume", "badfile"]).failed(
        "modpersist: ERROR: badfile was not reloaded: no reload of it was interrupted\n\
         modpersist: ERROR: nothing has changed: badfile runs as before\n",
    );
}

#[test]
fn a_module_without_persistent_data_comes_back_from_its_file() {
    let machine = Machine::new(kernel_with(init));
    let version = |build: u8| {
        let mut make = Make::bare("plainly");
        make.build_id(build);
        make
    };
    let installed = machine.write("installed.ko", &version(1));
    machine.kernel.set(|settings| {
        settings.installed_files.insert("plainly".into(), installed);
    });
    machine.write("plainly.ko", &version(1));
    machine.reload(&["@plainly.ko"]).succeeded("plainly: loaded\n");
    machine.write("plainly.ko", &failing(version(2)));
    let ran = machine.reload(&["@plainly.ko"]);
    assert!(!ran.is_success && ran.err.contains("plainly: the version before runs again"), "{ran:?}");
    assert_eq!(machine.build_id("plainly"), 1);
    machine.write("plainly.ko", &version(3));
    machine.reload(&["@plainly.ko"]).succeeded("plainly: reloaded, away for N ms\n");
    assert_eq!(machine.build_id("plainly"), 3);
}

#[test]
fn what_a_reload_has_left_is_listed() {
    let machine = loaded(kernel(), "leftover", &[]);
    machine.kernel.die_after(1);
    machine.reload(&["@leftover.ko"]);
    machine.kernel.revive();
    let state = fs::read_to_string(machine.paths.reloads.join("leftover")).unwrap();
    assert!(state.contains("\"owner\":\"leftover\""), "{state}");
    assert!(Path::new(&machine.paths.reloads).exists() && !machine.kernel.is_loaded("leftover"));
    let ran = machine.reload(&["@leftover.ko"]);
    assert!(ran.is_success, "{ran:?}");
    assert!(
        ran.err.starts_with(
            "modpersist: WARNING: leftover: a reload of leftover could not load all modules again; not loaded: \
             leftover\n"
        ),
        "{ran:?}"
    );
    machine.remove("leftover");
}
