// SPDX-License-Identifier: MIT OR Apache-2.0
//! Field paths from BTF that `pahole` wrote, compared with those from DWARF at each byte. Without gcc
//! and pahole it says that it skips.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic to fail")]

use std::path::{Path, PathBuf};
use std::process::Command;

use libmodfmt::btf::Btf;
use libmodfmt::dwarf::{DebugInfo, DebugSections};
use libmodfmt::elf::Object;

/// What the kernel itself would describe.
const KERNEL: &str = r#"
typedef unsigned int u32;
struct list_head { struct list_head *next, *prev; };
typedef struct { int counter; } atomic_t;
struct kernel_thing { u32 a[4]; struct list_head list; };
struct kernel_thing thing;
atomic_t users;
unsigned long jiffies;
"#;

const SOURCE: &str = r#"
#define P __attribute__((section(".data..persistent"), used))
typedef unsigned int u32;
struct list_head { struct list_head *next, *prev; };
typedef struct { int counter; } atomic_t;
struct kernel_thing { u32 a[4]; struct list_head list; };
enum mode { OFF, ON = 7, BAD = -1 };
struct inner { char c; long l; struct { short s[3]; union { int i; char b[4]; }; } deep[2]; };
struct dev {
    struct list_head queue;
    struct { u32 hits[4]; long bytes; } stats;
    union { int as_int; unsigned char as_bytes[8]; };
    unsigned ready : 1, kind : 3, alone : 12;
    unsigned : 0;
    unsigned whole : 8;
    enum mode mode;
    struct inner parts[3];
    const volatile struct inner *const pointers[2];
    atomic_t users;
    struct kernel_thing thing;
    _Bool on;
};
P struct dev dev = { .on = 1 };
P struct inner grid[2][3] = { { { 1 } } };
P static atomic_t users = { 1 };
P static volatile const u32 *volatile table[2] = { 0 };
P static int (*handler)(void *, int, ...) = 0;
P static int (*handlers[3])(void) = { 0 };
P static void *anything = &users;
__attribute__((section(".data..persistent.mode.0"), used)) static volatile const enum mode mode = ON;
P unsigned long count = 3;
int use(void) { return users.counter + (table[0] != 0) + (handler != 0) + (handlers[1] != 0) + mode; }
"#;

fn run(command: &mut Command) -> Option<()> {
    match command.output() {
        Ok(output) if output.status.success() => Some(()),
        Ok(output) => panic!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            println!("skipped: {}: {error}", command.get_program().display());
            None
        }
    }
}

fn compile(folder: &Path, name: &str, source: &str) -> Option<PathBuf> {
    let (text, object) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.o")));
    std::fs::write(&text, source).unwrap();
    run(Command::new("gcc").args(["-c", "-g", "-O2", "-fno-pic"]).arg(&text).arg("-o").arg(&object))?;
    Some(object)
}

fn encode(object: &Path, base: Option<&Path>) -> Option<Vec<u8>> {
    let blob = object.with_extension("btf");
    let mut command = Command::new("pahole");
    if let Some(base) = base {
        command.arg("--btf_base").arg(base);
    }
    command.arg("-J").arg(format!("--btf_encode_detached={}", blob.display())).arg(object);
    run(&mut command)?;
    Some(std::fs::read(&blob).unwrap())
}

/// Every byte of every variable, and one past the end.
fn compare(object: &Path, btf: &Btf<'_>) {
    let file = std::fs::read(object).unwrap();
    let object = Object::parse(&file).unwrap();
    let sections = DebugSections::of(&object).unwrap();
    let info = DebugInfo::read(&sections).unwrap();
    let (mut bytes, mut deepest) = (0, String::new());
    for variable in info.variables() {
        let (text, size) = (variable.type_name.as_deref().unwrap(), variable.size.unwrap());
        for offset in 0..=size {
            let dwarf = info.field_at(&variable, offset);
            let btf = btf.path_by_type(text, size, offset).unwrap().map(|place| {
                let dot = if place.path.is_empty() || place.path.starts_with('[') { "" } else { "." };
                (format!("{}{dot}{}", variable.name, place.path), place.rest)
            });
            let dwarf = dwarf.map(|place| (place.path, place.rest));
            assert_eq!(btf, dwarf, "{text} {} at {offset}", variable.name);
            assert_eq!(btf.is_some(), offset < size);
            deepest = deepest.max(btf.map(|(path, _)| path).unwrap_or_default());
            bytes += 1;
        }
    }
    println!("{bytes} places agree");
    assert!(bytes > 400);
}

#[test]
fn paths_are_those_of_dwarf() {
    let folder = tempfile::tempdir().unwrap();
    let Some(object) = compile(folder.path(), "driver", SOURCE) else { return };
    let Some(blob) = encode(&object, None) else { return };
    compare(&object, &Btf::parse(&blob).unwrap());
}

#[test]
fn paths_of_a_module_on_its_kernel() {
    let folder = tempfile::tempdir().unwrap();
    let Some(kernel) = compile(folder.path(), "kernel", KERNEL) else { return };
    let Some(base) = encode(&kernel, None) else { return };
    let Some(object) = compile(folder.path(), "driver", SOURCE) else { return };
    let Some(blob) = encode(&object, Some(&kernel.with_extension("btf"))) else { return };
    let base = Btf::parse(&base).unwrap();
    let split = Btf::parse_split(&blob, &base).unwrap();
    assert!(Btf::parse(&blob).is_err(), "it does not stand alone");
    compare(&object, &split);
    // Of a kernel that is another, what fits by chance is not told: sizes must agree.
    assert_eq!(split.path_by_type("struct dev", 8, 0), Ok(None));
    assert_eq!(split.path_by_type("struct nothing", 8, 0), Ok(None));
}
