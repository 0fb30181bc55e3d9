// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of architectures.

use super::architecture::{Architecture, Item};
use super::arm::ARM;
use super::arm64::ARM64;
use super::i386::I386;
use super::loongarch::LOONGARCH;
use super::mips::MIPS;
use super::powerpc::POWERPC;
use super::riscv::RISCV;
use super::s390::S390;
use super::x86_64::X86_64;
use crate::message::Message;

/// Every architecture. The first one that knows a line counts.
const ALL: &[&dyn Architecture] = &[&X86_64, &I386, &ARM64, &ARM, &RISCV, &POWERPC, &S390, &MIPS, &LOONGARCH];

/// Asks the architecture of the report, or each of them if that is not known. Also returns the architecture's
/// name if no other one prints such a line.
pub(crate) fn read(
    known: Option<&'static str>,
    message: &Message<'_>,
) -> Option<(Option<&'static str>, Item)> {
    let asked = ALL.iter().filter(|arch| known.is_none_or(|known| known == arch.name()));
    asked.into_iter().find_map(|arch| {
        let item = arch.read(message)?;
        Some((arch.is_certain(&item).then(|| arch.name()), item))
    })
}
