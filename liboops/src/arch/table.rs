// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of architectures.

use super::alpha::Alpha;
use super::architecture::{Architecture, Hints, Reading};
use super::arm::Arm;
use super::arm64::Arm64;
use super::csky::Csky;
use super::i386::I386;
use super::ia64::Ia64;
use super::loongarch::LoongArch;
use super::m68k::M68k;
use super::mips::Mips;
use super::openrisc::OpenRisc;
use super::parisc::Parisc;
use super::powerpc::PowerPc;
use super::riscv::Riscv;
use super::s390::S390;
use super::sh::Sh;
use super::sparc::Sparc;
use super::x86_64::X86_64;
use crate::message::Message;

/// Every architecture. The first one that knows a line counts.
const ALL: &[&dyn Architecture] = &[
    &X86_64, &I386, &Arm64, &Arm, &Riscv, &PowerPc, &S390, &Mips, &LoongArch, &Csky, &M68k, &Sparc, &Alpha,
    &Ia64, &Parisc, &Sh, &OpenRisc,
];

/// Asks the architecture of the report, or each of them if that is not known.
pub(crate) fn read(message: &Message<'_>, hints: Hints) -> Option<Reading> {
    match by_name(hints.arch) {
        Some(arch) => arch.read(message, hints),
        None => ALL.iter().find_map(|arch| arch.read(message, hints)),
    }
}

/// The architecture with a name as in `uname -m`.
pub(crate) fn by_name(name: Option<&str>) -> Option<&'static dyn Architecture> {
    let name = name?;
    ALL.iter().copied().find(|arch| arch.names().contains(&name))
}

/// The name of an architecture that is known.
pub(crate) fn name(name: &str) -> Option<&'static str> {
    by_name(Some(name))?.names().iter().copied().find(|known| *known == name)
}
