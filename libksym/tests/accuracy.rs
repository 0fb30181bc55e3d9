// SPDX-License-Identifier: MIT OR Apache-2.0
//! Functions, files, lines and inline chains of a distribution's kernel, compared with elfutils and
//! LLVM: `cargo xtask accuracy`.
//!
//! Return addresses are sampled from the code itself: the first byte after a call, looked up one byte
//! before. The kernel's debug files are too large for the tree, so these tests are ignored by default;
//! `$KSYMOOPS_DEBUG` names a folder laid out like `/usr/lib/debug`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests panic to fail"
)]

#[path = "accuracy/mod.rs"]
mod accuracy;

use std::collections::BTreeMap;

use accuracy::{debug_files, judge};
use modtest::calls as sample;

/// The share of equal answers that is required, in 1/1000.
const MIN_EQUAL: usize = 995;

#[test]
#[ignore = "needs the debug files of a kernel: cargo xtask accuracy"]
fn kernel_equals_llvm_or_elfutils() {
    let files = debug_files::find();
    let places = sample::return_addresses(&files.vmlinux, 4000);
    assert_eq!(places.len(), 4000);
    let ours = judge::ours_of_kernel(&files.vmlinux, &places);
    let references = [judge::llvm(&files.vmlinux, &places), judge::elfutils(&files.vmlinux, &places)];
    judge::report("vmlinux", &places, &ours, &references, MIN_EQUAL).unwrap();
}

#[test]
#[ignore = "needs the debug files of a kernel: cargo xtask accuracy"]
fn modules_equal_elfutils() {
    let files = debug_files::find();
    let count = 1200_usize.div_ceil(files.modules.len());
    let (mut places, mut ours, mut reference) = (Vec::new(), Vec::new(), Vec::new());
    for module in &files.modules {
        let sampled = sample::return_addresses(module, count);
        reference.extend(judge::elfutils(module, &sampled).1);
        ours.extend(judge::ours_of_module(module, &sampled));
        places.extend(sampled);
    }
    let mut sections = BTreeMap::<&str, usize>::new();
    places.iter().for_each(|place| *sections.entry(&place.section).or_default() += 1);
    println!("modules: {} places in {} modules, by section: {sections:?}", places.len(), files.modules.len());
    assert!(places.len() >= 1000 && sections.len() > 1, "too few places, or one section only");
    assert!(sections.contains_key(".init.text") && sections.contains_key(".exit.text"));
    judge::report("modules", &places, &ours, &[("elfutils", reference)], MIN_EQUAL).unwrap();
}

/// Judges 1000 answers, of which `change` makes so many differ from those of another tool.
fn judged(differ: usize, change: impl Fn(&mut judge::Chain)) -> Result<(), String> {
    let place = sample::ReturnAddress {
        symbol: "f".to_owned(),
        offset: 5,
        size: 16,
        section: ".text".to_owned(),
        address: 0x1005,
    };
    let right: judge::Chain = vec![("f".to_owned(), "a.c".to_owned(), 7)];
    let (places, theirs) = (vec![place; 1000], vec![right.clone(); 1000]);
    let mut ours = vec![vec![right]; 1000];
    ours.iter_mut().take(differ).for_each(|candidates| change(&mut candidates[0]));
    judge::report("made up", &places, &ours, &[("a tool", theirs)], MIN_EQUAL)
}

#[test]
fn the_judge_sees_what_is_wrong() {
    assert!(judged(0, |_| {}).is_ok());
    assert!(judged(1, |chain| chain[0].2 = 8).is_err(), "another line has no known reason");
    assert!(judged(1, |chain| chain[0].1 = "b.c".to_owned()).is_err());
    assert!(judged(1, |chain| chain.push(("g".to_owned(), "a.c".to_owned(), 9))).is_err(), "a longer chain");
    assert!(judged(1, Vec::clear).is_err(), "no answer");
}

#[test]
fn the_judge_counts_what_differs_for_a_reason() {
    let place = |symbol: &str| sample::ReturnAddress {
        symbol: symbol.to_owned(),
        offset: 5,
        size: 16,
        section: ".text".to_owned(),
        address: 0x1005,
    };
    let chain = |function: &str| vec![(function.to_owned(), "a.S".to_owned(), 7)];
    let judged = |differ: usize| {
        let places = vec![place("f"); 1000];
        let ours = vec![vec![chain("f")]; 1000];
        let theirs = (0..1000).map(|number| chain(if number < differ { "??" } else { "f" })).collect();
        judge::report("made up", &places, &ours, &[("a tool", theirs)], MIN_EQUAL)
    };
    assert!(judged(5).is_ok());
    assert!(judged(6).is_err(), "a reason does not make an answer equal");
}
