// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time and memory of making the images of a module, side by side with objcopy: `cargo xtask bench --images`.
//!
//! The arguments are the module, the kernel's release, and a folder for what is written. The two programs take
//! turns; the last line of the output has what each took.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench panics to fail")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::{ModuleFile, excerpt};
use libmodfmt::image::Bindings;

/// The first argument of the process that makes the images.
const HELPER: &str = "--make-images";

/// How often each program runs.
const RUNS: usize = 9;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match &*arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        [HELPER, file, release, folder] => make(Path::new(file), release, Path::new(folder)),
        [file, release, folder] => compare(file, release, folder),
        _ => println!("no module was named: see `cargo xtask bench --images`"),
    }
}

/// Writes both images, and prints by how many KiB the memory of this process has grown for it.
fn make(file: &Path, release: &str, folder: &Path) {
    let before = peak();
    let module = ModuleFile::new(read(file), 1 << 30);
    let persistent = module.persistent().unwrap().unwrap();
    let machine = module.module().unwrap().object.ident.machine;
    let layout = ExportLayout::for_release(machine, Release::parse(release).unwrap());
    let bindings = Bindings::first(persistent.header());
    std::fs::write(folder.join("keeper.ko"), persistent.keeper(&layout, &bindings).unwrap()).unwrap();
    std::fs::write(folder.join("owner.ko"), persistent.owner(&bindings).unwrap()).unwrap();
    println!("{}", peak() - before);
}

/// As insmod does it.
fn read(file: &Path) -> Vec<u8> {
    let open = File::open(file).unwrap();
    let size = open.metadata().unwrap().len();
    excerpt(size, |offset, into: &mut [u8]| open.read_exact_at(into, offset).ok())
        .unwrap_or_else(|| std::fs::read(file).unwrap())
}

/// The largest memory of this process so far, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.split_whitespace().next().unwrap().parse().unwrap()
}

fn compare(file: &str, release: &str, folder: &str) {
    let copy = Path::new(folder).join("copy.ko");
    let (mut ours, mut objcopys, mut peak) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS {
        let mut own = Command::new(std::env::current_exe().unwrap());
        let (took, output) = timed(own.args([HELPER, file, release, folder]));
        ours.push(took);
        peak = peak.max(output.trim().parse::<u64>().unwrap());
        objcopys.push(timed(Command::new("objcopy").arg(file).arg(&copy)).0);
    }
    let micros = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_micros()
    };
    let size = std::fs::metadata(file).unwrap().len() >> 10;
    println!("{} {} {peak} {size}", micros(ours), micros(objcopys));
}

fn timed(command: &mut Command) -> (Duration, String) {
    let start = Instant::now();
    let output = command.output().unwrap();
    let took = start.elapsed();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    (took, String::from_utf8(output.stdout).unwrap())
}
