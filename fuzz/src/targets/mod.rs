// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bodies of the fuzz targets, one in each file. Each takes the bytes that a stranger could have made,
//! and panics if a property does not hold.

pub mod binding;
pub mod btf;
pub mod decompress;
pub mod dwarf;
pub mod header;
pub mod image;
pub mod log;
pub mod module_file;
pub mod saved;
pub mod symbols;
pub mod texts;

use std::time::Duration;

use modtest::CpuTimer;

/// The most processor time that one input may take in a program with a sanitizer.
const MAX_TIME: Duration = Duration::from_secs(1);

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is also that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Tries one input.
    pub run: fn(&[u8]),
}

impl Target {
    /// Tries one input.
    ///
    /// # Panics
    /// A property does not hold, or it took more than a second of processor time. libFuzzer's own limit is by
    /// the clock, which says little on a busy machine.
    pub fn check(&self, data: &[u8]) {
        let timer = CpuTimer::start();
        (self.run)(data);
        let took = timer.elapsed();
        assert!(took < MAX_TIME, "slow: {took:?} for {} bytes", data.len());
    }
}

/// The target of that name.
#[must_use]
pub fn find(name: &str) -> Option<Target> {
    ALL.into_iter().find(|target| target.name == name)
}

/// See [`binding`](mod@binding).
pub const BINDING: Target = Target { name: "binding", run: binding::run };
/// See [`btf`](mod@btf).
pub const BTF: Target = Target { name: "btf", run: btf::run };
/// See [`decompress`](mod@decompress).
pub const DECOMPRESS: Target = Target { name: "decompress", run: decompress::run };
/// See [`dwarf`](mod@dwarf).
pub const DWARF: Target = Target { name: "dwarf", run: dwarf::run };
/// See [`header`](mod@header).
pub const HEADER: Target = Target { name: "header", run: header::run };
/// See [`image`](mod@image).
pub const IMAGE: Target = Target { name: "image", run: image::run };
/// See [`log`](mod@log).
pub const LOG: Target = Target { name: "log", run: log::run };
/// See [`module_file`](mod@module_file).
pub const MODULE_FILE: Target = Target { name: "module_file", run: module_file::run };
/// See [`saved`](mod@saved).
pub const SAVED: Target = Target { name: "saved", run: saved::run };
/// See [`symbols`](mod@symbols).
pub const SYMBOLS: Target = Target { name: "symbols", run: symbols::run };
/// See [`texts`](mod@texts).
pub const TEXTS: Target = Target { name: "texts", run: texts::run };
/// All of them.
pub const ALL: [Target; 11] =
    [BINDING, BTF, DECOMPRESS, DWARF, HEADER, IMAGE, LOG, MODULE_FILE, SAVED, SYMBOLS, TEXTS];
