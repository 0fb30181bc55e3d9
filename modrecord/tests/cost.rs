// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the journal costs a load, in system calls and bytes: the kernel's files are made, the calls are real.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use libmodsys::Linux;
use modrecord::journal::{ModuleDetails, Recorder};
use tempfile::TempDir;

const MODULES: usize = 100;
const SECTIONS: [&str; 12] = [
    ".text",
    ".init.text",
    ".data",
    ".bss",
    ".rodata",
    ".rodata.str1.1",
    ".orc_unwind",
    ".orc_unwind_ip",
    "__mcount_loc",
    ".note.Linux",
    "__ksymtab",
    ".altinstructions",
];
const KALLSYMS_LINES: usize = 200_000;

/// A folder that stands for a kernel with many modules.
struct Machine {
    root: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { root: tempfile::tempdir().unwrap() };
        machine.write("proc/uptime", "350735.47 234388.90\n");
        machine.write("proc/version", "Linux version 6.1.0-fake (a@b) #1 SMP\n");
        machine.write("proc/sys/kernel/random/boot_id", "b-1\n");
        machine.write("sys/kernel/notes", "");
        let mut kallsyms = String::new();
        for number in 0..KALLSYMS_LINES {
            let name = match number {
                300 => "_text".to_owned(),
                310 => "_stext".to_owned(),
                _ => format!("a_function_of_the_kernel_{number}"),
            };
            writeln!(kallsyms, "{:016x} T {name}", 0xffff_ffff_8100_0000 + number).unwrap();
        }
        machine.write("proc/kallsyms", &kallsyms);
        for number in 0..MODULES {
            machine.load(&format!("m{number}"), number);
        }
        machine.list(MODULES);
        fs::create_dir(machine.path("log")).unwrap();
        machine
    }

    fn path(&self, below: &str) -> std::path::PathBuf {
        self.root.path().canonicalize().unwrap().join(below)
    }

    fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes what the kernel shows of a module.
    fn load(&self, name: &str, number: usize) {
        for (index, section) in SECTIONS.iter().enumerate() {
            let address = 0xffff_ffff_c000_0000 + (number << 16) + (index << 12);
            self.write(&format!("sys/module/{name}/sections/{section}"), &format!("{address:#x}\n"));
        }
        for note in [".note.gnu.build-id", ".note.Linux"] {
            self.write(&format!("sys/module/{name}/notes/{note}"), "");
        }
    }

    /// Lists the first of the modules.
    fn list(&self, count: usize) {
        let mut text = String::new();
        for number in 0..count {
            let base = 0xffff_ffff_c000_0000 + (number << 16);
            writeln!(text, "m{number} 16384 0 - Live {base:#018x} (OE)").unwrap();
        }
        self.write("proc/modules", &text);
    }

    fn record(&self, loaded: Option<&str>) -> Cost {
        let kernel = Linux::with_root(self.path(""), "6.1.0-fake");
        let before = Cost::so_far();
        let recorder = Recorder::new(&kernel, &self.path("log"));
        let sizes: Vec<_> = SECTIONS.iter().map(|name| ((*name).to_owned(), 0x1234)).collect();
        recorder.update(loaded.map(|name| ModuleDetails {
            name,
            file: Some(Path::new("/m.ko")),
            header: None,
            build_id: &[],
            sizes: &sizes,
            region: None,
        }));
        assert_eq!(recorder.take_warning(), None);
        Cost::so_far().since(&before)
    }
}

/// What this thread has read and written.
#[derive(Debug)]
struct Cost {
    read_calls: u64,
    bytes_read: u64,
    bytes_written: u64,
}

impl Cost {
    fn so_far() -> Self {
        let text = fs::read_to_string("/proc/thread-self/io").unwrap();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap().parse().unwrap()
        };
        Self { read_calls: value("syscr"), bytes_read: value("rchar"), bytes_written: value("wchar") }
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            read_calls: self.read_calls - before.read_calls,
            bytes_read: self.bytes_read - before.bytes_read,
            bytes_written: self.bytes_written - before.bytes_written,
        }
    }
}

#[test]
fn a_reload_costs_a_few_small_files() {
    let machine = Machine::new();
    let first = machine.record(None);
    println!("the first entries of a boot: {first:?}");
    // kallsyms has 10 MB.
    assert!(first.bytes_read < 128 << 10, "{first:?}");
    for number in 0..40 {
        machine.list(MODULES - 1);
        let removal = machine.record(None);
        machine.list(MODULES);
        let load = machine.record(Some("m99"));
        if number == 39 {
            println!("a removal: {removal:?}\na load: {load:?}");
        }
        assert!(removal.read_calls <= 12 && load.read_calls <= 20, "{removal:?} {load:?}");
        assert!(removal.bytes_read <= 40 << 10 && load.bytes_read <= 40 << 10, "{removal:?} {load:?}");
        assert!(removal.bytes_written + load.bytes_written <= 10 << 10, "{removal:?} {load:?}");
    }
    let size = fs::metadata(machine.path("log/boot-b-1.jsonl")).unwrap().len();
    println!("the journal after 40 reloads: {size} bytes");
    assert!(size <= 256 << 10, "{size}");
}
