// SPDX-License-Identifier: MIT OR Apache-2.0
//! Functions, files, lines and inline chains of a distribution's kernel, compared with elfutils and
//! LLVM.
//!
//! Return addresses are sampled from the code itself: what follows a call, looked up one byte
//! before. The kernel's debug files are large, so they are not in the tree: without them, or without
//! the tools, the test says so and passes. They are looked for in `$KSYMOOPS_DEBUG`, a folder laid
//! out like `/usr/lib/debug`, and where `cargo xtask` keeps what it fetched.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests panic to fail"
)]

#[path = "accuracy/mod.rs"]
mod accuracy;

use accuracy::{debug_files, judge, sample};

/// Least share of equal answers, in 1/1000.
const LEAST: usize = 995;

#[test]
fn kernel_equals_llvm_and_elfutils() {
    let Some(files) = debug_files::find() else { return };
    let places = sample::calls(&files.vmlinux, 4000);
    let ours = judge::ours_of_kernel(&files.vmlinux, &places);
    let mut references = Vec::new();
    references.extend(judge::llvm(&files.vmlinux, &places));
    references.extend(judge::elfutils(&files.vmlinux, &places));
    judge::report("vmlinux", &places, &ours, &references, LEAST);
}

#[test]
fn modules_equal_elfutils() {
    let Some(files) = debug_files::find() else { return };
    let count = 1200_usize.div_ceil(files.modules.len().max(1));
    let (mut places, mut ours, mut reference) = (Vec::new(), Vec::new(), Vec::new());
    for module in &files.modules {
        let sampled = sample::calls(module, count);
        let Some(judged) = judge::elfutils(module, &sampled) else { return };
        ours.extend(judge::ours_of_module(module, &sampled));
        reference.extend(judged.1);
        places.extend(sampled);
    }
    judge::report("modules", &places, &ours, &[("elfutils", reference)], LEAST);
}
