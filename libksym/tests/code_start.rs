// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the first instruction of an x86 `Code:` line starts: how often it is right, and the counts behind
//! it.
//!
//! Both need the code of a kernel, which is too large for the tree, so they are ignored by default. `cargo
//! xtask accuracy --code` and `cargo xtask accuracy --count-code` run them. `$KSYMOOPS_CODE` names files or
//! folders, separated by colons: vmlinux, modules or object files.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "tests panic to fail"
)]

#[path = "code_start/count.rs"]
mod count;
#[path = "code_start/kernel_text.rs"]
mod kernel_text;
#[path = "code_start/windows.rs"]
mod windows;
#[path = "../src/code/x86_token.rs"]
mod x86_token;

use std::path::PathBuf;

use kernel_text::{KernelText, Patched};
use windows::Known;

/// How many lines are cut out of the code of each kind.
const LINES: usize = 20_000;

/// What the files are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Measure,
    Count,
}

/// The files to work with. Of the modules some are counted and others measured.
fn files(purpose: Purpose) -> Vec<PathBuf> {
    let named = std::env::var_os("KSYMOOPS_CODE").expect("KSYMOOPS_CODE names no file: cargo xtask accuracy");
    let mut files = Vec::new();
    for path in std::env::split_paths(&named) {
        kernel_text::collect(&path, &mut files);
    }
    files.retain(|file| {
        let share = kernel_text::hash(&file.file_name().unwrap().to_string_lossy()) % 16;
        let is_module = file.extension().is_some_and(|extension| extension == "ko");
        !is_module || (share == 0) == (purpose == Purpose::Measure) && share < 3
    });
    assert!(!files.is_empty(), "KSYMOOPS_CODE: no vmlinux, .ko or .o");
    files
}

#[test]
#[ignore = "needs the code of a kernel: cargo xtask accuracy --code"]
fn first_instructions_are_right() {
    let mut good = true;
    for patched in [Patched::No, Patched::AtBoot] {
        for (name, files) in kernel_text::by_kind(files(Purpose::Measure)) {
            let texts: Vec<_> = files.iter().map(|file| KernelText::read(file, patched)).collect();
            for known in [Known::Nothing, Known::Function] {
                let figures = windows::measure(&texts, known, LINES);
                println!("{name}, {patched}, known besides: {known:?}\n  {figures}");
                good &= figures.is_good();
            }
        }
    }
    assert!(good, "too many false instructions, or too few true ones");
}

#[test]
#[ignore = "needs the code of a kernel: cargo xtask accuracy --count-code"]
fn count_instructions() {
    let mut counts = count::Counts::default();
    for file in files(Purpose::Count) {
        for patched in [Patched::No, Patched::AtBoot] {
            counts.add(&KernelText::read(&file, patched));
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/code/x86_costs.rs");
    std::fs::write(path, counts.to_source()).unwrap();
}
