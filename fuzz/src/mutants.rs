// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many mutants of real modules, each compared with its images.

use std::fmt;

use modtest::module::{BSS, DATA, Make, R_32S, R_64, R_PC32};

use crate::elf_mutator::mutant;
use crate::image_pair::{Difference, Outcome, compare};

/// Changes that follow each other.
const MAX_GENERATIONS: u64 = 3;

/// Made-up modules with persistent data that the kernel would load.
#[must_use]
pub fn made_up() -> Vec<Vec<u8>> {
    let mut typical = Make::typical("foo");
    // One of the uses in it has 32 bits, too few for where modules are.
    typical.without_relocations(".text");
    for (at, kind, symbol, addend) in [
        (0x04, R_PC32, DATA, 12),
        (0x14, R_32S, "shared", 8),
        (0x28, R_PC32, BSS, 0xfc),
        (0x38, R_64, "list", 8),
    ] {
        typical.relocate(".text", at, kind, symbol, addend);
    }
    vec![typical.build(), Make::small("bar").build()]
}

/// How many mutants came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The images were made, and in memory they are the module.
    pub compared: u64,
    /// Bytes that were compared.
    pub bytes: u64,
    /// The data cannot be kept.
    pub refused: u64,
    /// The kernel would not load the module.
    pub not_loadable: u64,
    /// No persistent data is left.
    pub no_data: u64,
    /// Not a module, or one of another processor.
    pub no_module: u64,
}

impl Tally {
    /// Mutants with persistent data, whose images were made and compared, or refused.
    #[must_use]
    pub fn judged(&self) -> u64 {
        self.compared + self.refused
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.judged() + self.not_loadable + self.no_data + self.no_module
    }

    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Compared { bytes } => {
                self.compared += 1;
                self.bytes += *bytes as u64;
            }
            Outcome::Refused => self.refused += 1,
            Outcome::NotLoadable => self.not_loadable += 1,
            Outcome::NoPersistentData => self.no_data += 1,
            Outcome::NotAModule | Outcome::OtherMachine => self.no_module += 1,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.compared * 100 / self.judged().max(1);
        write!(
            f,
            "{} mutants with persistent data: {} compared ({share} %, {} MB), {} refused; \
             {} more that the kernel would not load, {} without persistent data, {} that are no modules",
            self.judged(),
            self.compared,
            self.bytes >> 20,
            self.refused,
            self.not_loadable,
            self.no_data,
            self.no_module
        )
    }
}

/// Makes mutants of these modules in turn until `count` were compared or refused. `failed` is given each one
/// whose images are not the module, with its number. `started` is given the number before anything is done.
///
/// A number makes the same mutant again if the modules are the same.
pub fn run(
    modules: &[Vec<u8>],
    numbers: std::ops::RangeFrom<u64>,
    count: u64,
    started: impl Fn(u64),
    mut failed: impl FnMut(u64, &[u8], &Difference),
) -> Tally {
    let mut tally = Tally::default();
    for number in numbers {
        // Modules that none of these can be made from would never end.
        if tally.judged() >= count || tally.all() >= count.saturating_mul(20) {
            break;
        }
        started(number);
        let Some(mutant) = numbered(modules, number) else { continue };
        match compare(&mutant) {
            Ok(outcome) => tally.add(&outcome),
            Err(difference) => failed(number, &mutant, &difference),
        }
    }
    tally
}

/// The mutant of that number.
#[must_use]
pub fn numbered(modules: &[Vec<u8>], number: u64) -> Option<Vec<u8>> {
    let index = usize::try_from(number % modules.len().max(1) as u64).ok()?;
    let mut file = modules.get(index)?.clone();
    for generation in 0..=(number / 7 % MAX_GENERATIONS) {
        file = mutant(&file, number * MAX_GENERATIONS + generation)?;
    }
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short run, in every test run. The long one is `cargo xtask fuzz image --mutants 100000`.
    #[test]
    fn images_of_mutants_are_the_mutants() {
        let modules = made_up();
        let tally = run(&modules, 0.., 1000, |_| (), |number, _, why| panic!("{number}: {why}"));
        assert_eq!(tally.judged(), 1000);
        assert!(tally.compared >= 200, "{tally}");
    }
}
