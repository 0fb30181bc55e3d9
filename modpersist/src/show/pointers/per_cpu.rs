// SPDX-License-Identifier: MIT OR Apache-2.0
//! Per-CPU addresses: what to add to a pointer for each CPU.
//!
//! The kernel's symbols `__per_cpu_offset`, `__cpu_possible_mask` and `nr_cpu_ids` tell it, as far as
//! `/proc/kallsyms` has the addresses of data (`CONFIG_KALLSYMS_ALL`). Types do not tell per-CPU pointers
//! from others, so that the value decides: what is static (below `__per_cpu_end`), or in the first chunk of
//! what `alloc_percpu()` gives. From 6.15 on these pointers are in the range of the kernel's image, and one
//! into the first chunk may as well be one to a variable behind `__per_cpu_end`; one into a later chunk looks
//! like one of a program until then. Both are taken for a per-CPU pointer if some CPU has anything but zeros
//! there, and the first is said to be doubtful.

use super::address_ranges::KERNEL_START;
use super::symbols::Symbols;
use crate::show::memory::Memory;

/// More CPUs are not shown.
const MAX_CPUS: u64 = 1024;
/// What is read of each copy to see whether it is there, in bytes.
const MAX_LOOK_BYTES: u64 = 4096;

/// What this kernel's per-CPU pointers mean.
#[derive(Debug)]
pub(super) struct PerCpu {
    /// Numbers of the possible CPUs, with their offsets.
    offsets: Vec<(u64, u64)>,
    start: u64,
    /// End of what is certain: of the first chunk, or of what is static.
    end: u64,
    /// End of the first chunk.
    chunk_end: u64,
    /// Where later chunks are.
    vmalloc: Option<std::ops::Range<u64>>,
}

impl PerCpu {
    /// `None` if the kernel does not tell.
    pub(super) fn of(symbols: &Symbols, memory: &Memory<'_>) -> Option<Self> {
        let count = memory.number(symbols.address("nr_cpu_ids")?, 4)?.min(MAX_CPUS);
        let table = symbols.address("__per_cpu_offset")?;
        let mask =
            memory.read(symbols.address("__cpu_possible_mask")?, count.div_ceil(64).checked_mul(8)?).ok()?;
        let is_possible = |cpu: u64| {
            let word = usize::try_from(cpu / 64).ok().and_then(|word| mask.as_chunks::<8>().0.get(word));
            word.is_some_and(|word| u64::from_ne_bytes(*word) >> (cpu % 64) & 1 != 0)
        };
        let offset = |cpu: u64| Some((cpu, memory.number(table.checked_add(cpu.checked_mul(8)?)?, 8)?));
        let offsets: Vec<_> =
            (0..count).filter(|cpu| is_possible(*cpu)).map(offset).collect::<Option<_>>()?;
        let start = symbols.address("__per_cpu_start")?;
        let chunk_end = start.saturating_add(memory.number(symbols.address("pcpu_unit_size")?, 4)?);
        let end = if start < KERNEL_START { chunk_end } else { symbols.address("__per_cpu_end")? };
        let word = |name: &str| memory.number(symbols.address(name)?, 8);
        let vmalloc = word("vmalloc_base").zip(word("vmemmap_base")).map(|(start, end)| start..end);
        (!offsets.is_empty()).then_some(Self { offsets, start, end, chunk_end, vmalloc })
    }

    /// Whether the pointer may be one to a variable of the kernel as well.
    pub(super) fn is_doubtful(&self, pointer: u64) -> bool {
        (self.end..self.chunk_end).contains(&pointer)
    }

    /// CPU and address of each copy of an object, if the pointer to it is a per-CPU one.
    pub(super) fn addresses(&self, pointer: u64, size: u64, memory: &Memory<'_>) -> Option<Vec<(u64, u64)>> {
        let copies = self.offsets.iter().map(|(cpu, offset)| (*cpu, pointer.wrapping_add(*offset)));
        let copies: Vec<_> = copies.collect();
        if (self.start..self.end).contains(&pointer) {
            return Some(copies);
        }
        let in_later_chunk = || {
            let vmalloc = self.vmalloc.as_ref()?;
            Some(copies.iter().all(|(_, address)| vmalloc.contains(address)))
        };
        if !self.is_doubtful(pointer) && !in_later_chunk()? {
            return None;
        }
        // Memory that is not there reads as zeros.
        let is_used = |(_, address): &(u64, u64)| {
            let bytes = memory.read(*address, size.min(MAX_LOOK_BYTES));
            bytes.is_ok_and(|bytes| bytes.iter().any(|byte| *byte != 0))
        };
        copies.iter().any(is_used).then_some(copies)
    }
}
