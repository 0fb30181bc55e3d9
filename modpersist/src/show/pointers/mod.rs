// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the address in a pointer is.
//!
//! The first that fits is the answer: NULL and error numbers, a kept variable with its field, a symbol of the
//! kernel or of a module (`symbols.rs`), sections of a module that went (`gone.rs`), a pattern that the
//! kernel writes into what was freed (`poison.rs`), a slab object (`slab.rs`), a per-CPU address
//! (`per_cpu.rs`), an address of a program. Otherwise it is a number.
//!
//! `/proc/kallsyms` and the journal are read when the first pointer asks for them.

mod address_ranges;
mod gone;
mod per_cpu;
mod poison;
mod slab;
mod symbols;

use std::cell::OnceCell;

use libmodfmt::btf::Btf;
use libmodfmt::types::{Type, TypeId, Types, size_of};
use libmodsys::Kernel;

use super::kept::Kept;
use super::memory::Memory;
use super::shown::ShownTarget;
use address_ranges::{KERNEL_START, NEAR_NULL, PROGRAM_END, PROGRAM_START};
use gone::GoneSections;
use per_cpu::PerCpu;
use slab::Slabs;
use symbols::Symbols;

/// Memory of the slab allocator and per-CPU data are known on processors of 64 bits only.
const IS_64: bool = cfg!(target_pointer_width = "64");

/// Bits of an address that a pointer does not have.
const ABOVE: u64 = if IS_64 { 0 } else { 0xffff_ffff_0000_0000 };

/// `MAX_ERRNO` of include/linux/err.h
const MAX_ERRNO: u64 = 4095;

/// Names addresses.
pub(super) struct PointerNames<'n> {
    kernel: &'n dyn Kernel,
    kept: &'n Kept<'n>,
    btf: Option<&'n Btf<'n>>,
    memory: &'n Memory<'n>,
    symbols: OnceCell<Symbols>,
    gone: OnceCell<GoneSections>,
    slabs: OnceCell<Option<Slabs>>,
    per_cpu: OnceCell<Option<PerCpu>>,
}

impl<'n> PointerNames<'n> {
    pub(super) fn new(
        kernel: &'n dyn Kernel,
        kept: &'n Kept<'n>,
        btf: Option<&'n Btf<'n>>,
        memory: &'n Memory<'n>,
    ) -> Self {
        let (symbols, gone) = (OnceCell::new(), OnceCell::new());
        Self { kernel, kept, btf, memory, symbols, gone, slabs: OnceCell::new(), per_cpu: OnceCell::new() }
    }

    /// Reads the symbols now. They are needed by any pointer, but reading them takes a while.
    pub(super) fn prepare(&self) {
        self.symbols();
    }

    /// What an address is; `None` if that is not known. `target` is the type that the pointer has, `owner`
    /// the one whose data is shown.
    pub(super) fn name(
        &self,
        address: u64,
        target: Option<(&dyn Types, TypeId)>,
        owner: &str,
    ) -> Option<ShownTarget> {
        let named = |kind: &str, name: String| Some(ShownTarget { kind: kind.to_owned(), name });
        if address == 0 {
            return named("null", "NULL".to_owned());
        }
        let signed = address | ABOVE;
        if signed.wrapping_neg() <= MAX_ERRNO {
            return named("error", error_name(signed));
        }
        if let Some((variable, path)) = self.kept.find(address) {
            let other = if variable.owner == owner { String::new() } else { format!("{}: ", variable.owner) };
            return named("kept", format!("{other}{}{path}", variable.name));
        }
        if let Some(name) = poison::name(address) {
            return named("poison", name);
        }
        if self.per_cpu_addresses(address, target).is_some() {
            let is_doubtful = self.per_cpu().is_some_and(|per_cpu| per_cpu.is_doubtful(address));
            let variable = self.symbols().name(address).filter(|_| is_doubtful);
            let name = variable.map(|variable| format!("per-CPU, or {variable}"));
            let name = name.or_else(|| self.symbols().per_cpu_name(address));
            return named("per-cpu", name.unwrap_or_else(|| "per-CPU".to_owned()));
        }
        if address < NEAR_NULL {
            return named("near-null", format!("NULL+{address:#x}"));
        }
        if (PROGRAM_START..PROGRAM_END).contains(&address) {
            return named("user", "user".to_owned());
        }
        if address < KERNEL_START {
            return None;
        }
        let gone = self.gone().name(address);
        let symbol = self.symbols().name(address).map(|name| ("symbol", name));
        let now = symbol.or_else(|| self.symbols().module(address).map(|name| ("module", name)));
        match (now, gone) {
            // Its addresses may be in use again: the pointer may be older or newer than that.
            (Some((_, now)), Some(gone)) => named("gone", format!("{now}, or gone: {gone}")),
            (None, Some(gone)) => named("gone", format!("gone: {gone}")),
            (Some((kind, now)), None) => named(kind, now),
            (None, None) => {
                let read = || IS_64.then(|| Slabs::of(self.btf?, self.symbols(), self.memory)).flatten();
                let slabs = self.slabs.get_or_init(read);
                let (kind, name) = slabs.as_ref()?.name(address, self.memory)?;
                named(kind, name)
            }
        }
    }

    /// For a pointer to per-CPU data: the addresses for each CPU that may be there.
    pub(super) fn per_cpu_addresses(
        &self,
        address: u64,
        target: Option<(&dyn Types, TypeId)>,
    ) -> Option<Vec<(u64, u64)>> {
        let (types, id) = target?;
        // A type tells nothing about per-CPU pointers, so that only a value in their range does. Pointers
        // without a type hold too many numbers that are no addresses.
        let size = size_of(types, id).filter(|size| *size > 0)?;
        if address < NEAR_NULL || matches!(&*types.get(id), Type::Function { .. }) {
            return None;
        }
        self.per_cpu()?.addresses(address, size, self.memory)
    }

    fn per_cpu(&self) -> Option<&PerCpu> {
        let read = || IS_64.then(|| PerCpu::of(self.symbols(), self.memory)).flatten();
        self.per_cpu.get_or_init(read).as_ref()
    }

    fn symbols(&self) -> &Symbols {
        self.symbols.get_or_init(|| Symbols::read(self.kernel))
    }

    fn gone(&self) -> &GoneSections {
        self.gone.get_or_init(|| GoneSections::of_this_boot(self.kernel))
    }
}

/// `ERR_PTR(-12) ENOMEM`
fn error_name(address: u64) -> String {
    let number = i32::try_from(address.wrapping_neg()).unwrap_or(i32::MAX);
    match libmodsys::Errno::from_raw(number) {
        libmodsys::Errno::UnknownErrno => format!("ERR_PTR(-{number})"),
        known => format!("ERR_PTR(-{number}) {known:?}"),
    }
}
