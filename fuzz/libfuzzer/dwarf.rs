// SPDX-License-Identifier: MIT OR Apache-2.0
#![no_main]

use fuzz_targets::{elf_mutator, targets};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|data: &[u8]| targets::DWARF.check(data));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    elf_mutator::mutate_in_place(data, size, max_size, seed, fuzzer_mutate)
});
