// SPDX-License-Identifier: MIT OR Apache-2.0
//! Seeds that the machine's programs make: C with DWARF 4 and 5 of gcc and clang, compressed sections, linked
//! files and BTF; files that xz and zstd compress.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libmodfmt::elf::Object;
use modtest::compile;
use modtest::module::Make;

use super::{Seed, from_file};

/// The forms of debug information.
const FORMS: [&[&str]; 6] = [
    &["-gdwarf-4"],
    &["-gdwarf-5"],
    &["-gdwarf-5", "-gz=zlib"],
    &["-gdwarf-4", "-fdebug-types-section"],
    &["-gdwarf-5", "-gsplit-dwarf"],
    &["-g0"],
];
/// Sources of a file with symbols, and one with persistent variables.
const SOURCES: [&[&str]; 3] = [&["chain.c", "other.c"], &["ranges.c"], &["persistent.c"]];
/// A file that is linked.
const LINKED: [&[&str]; 2] = [&["-gdwarf-5"], &["-g0"]];

/// Each is a program with options that compresses a file to standard output.
const COMPRESSORS: [&[&str]; 5] = [
    &["xz", "--check=crc32", "--stdout"],
    &["xz", "--check=crc64", "--x86", "--lzma2", "--stdout"],
    &["zstd", "-q", "--check", "--stdout"],
    &["zstd", "-q", "-19", "--stdout"],
    &["gzip", "--best", "--stdout"],
];

/// The seeds that the programs of this machine make; none without a compiler.
#[must_use]
pub fn compiled() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for compiler in ["gcc", "clang"].into_iter().filter(|name| compile::is_installed(name)) {
        for (number, options) in FORMS.iter().enumerate() {
            for (source, files) in SOURCES.iter().enumerate() {
                let folder = compile::folder(&format!("seed-{number}-{source}"));
                let path = compile::module_of(compiler, files, &folder, options);
                add_btf(&path);
                seeds.extend(read(&path));
            }
        }
        for options in LINKED {
            let folder = compile::folder("seed-linked");
            let path = compile::vmlinux_of(compiler, SOURCES[0], &folder, options);
            seeds.extend(fs::read(path).ok().map(|content| Seed::new("symbols", content)));
        }
        if compiler == "clang" {
            seeds.extend(bpf(SOURCES[0][0]));
        }
    }
    seeds.extend(compressed());
    seeds
}

fn compressed() -> Vec<Seed> {
    let folder = compile::folder("seed-compressed");
    let module = Make::bare("foo").build();
    let contents = [&b"module"[..], &b"the same again and again, ".repeat(400), &module];
    let mut seeds = Vec::new();
    for (number, content) in contents.into_iter().enumerate() {
        let path = folder.join(number.to_string());
        if fs::write(&path, content).is_err() {
            continue;
        }
        for words in COMPRESSORS {
            let Some((program, options)) = words.split_first() else { continue };
            let output = Command::new(program).args(options).arg(&path).output();
            let made = output.ok().filter(|output| output.status.success());
            seeds.extend(made.map(|output| Seed::new("decompress", output.stdout)));
        }
    }
    seeds
}

fn read(path: &Path) -> Vec<Seed> {
    fs::read(path).map(|content| from_file(&content)).unwrap_or_default()
}

/// pahole makes BTF from DWARF, as the kernel's build does. It may not be installed.
fn add_btf(path: &Path) {
    let _ = Command::new("pahole").arg("-J").arg(path).output();
}

/// clang writes BTF itself, for programs that run in the kernel.
fn bpf(source: &str) -> Option<Seed> {
    let folder = compile::folder("seed-bpf");
    let object: PathBuf = folder.join("bpf.o");
    let mut command = Command::new("clang");
    command.args(["-target", "bpf", "-O1", "-g", "-c", "-w", "-o"]).arg(&object).arg(compile::source(source));
    command.output().ok().filter(|output| output.status.success())?;
    let content = fs::read(object).ok()?;
    let object = Object::parse(&content).ok()?;
    let (_, section) = object.section(".BTF")?;
    Some(Seed::new("btf", section.data.to_vec()))
}
