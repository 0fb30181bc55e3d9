// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fuzz targets for everything that reads bytes of strangers, with what they need.
//!
//! The programs for libFuzzer in `fuzz/libfuzzer` only call [`targets`]. The tests of this crate call them
//! too, with every input of `fuzz/corpus`, so that what was found once is tried in every test run.
//! docs/fuzzing.md says how to fuzz.
//!
//! - [`targets`]: the targets.
//! - [`image_pair`]: loads a module, and the images made from it, and compares the memory. [`loader`] does
//!   what the kernel's module loader does, and shares no code with the libraries.
//! - [`elf_mutator`]: changes modules in terms of ELF: sections, symbols, relocations.
//! - [`mutants`]: many such changes, each compared.
//! - [`seeds`]: first inputs, from modules, logs and other files.
//!
//! ```
//! use fuzz_targets::image_pair::{Outcome, compare};
//! use modtest::module::Make;
//!
//! let module = Make::small("foo").build();
//! assert!(matches!(compare(&module), Ok(Outcome::Compared { bytes }) if bytes > 16));
//! assert_eq!(compare(&Make::bare("foo").build()), Ok(Outcome::NoPersistentData));
//! ```

#![forbid(unsafe_code)]

pub mod elf_mutator;
pub mod image_pair;
pub mod loader;
pub mod mutants;
mod open_file;
mod random;
pub mod seeds;
pub mod targets;
