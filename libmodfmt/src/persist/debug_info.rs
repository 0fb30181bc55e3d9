// SPDX-License-Identifier: MIT OR Apache-2.0
//! What debug information adds to the symbol table.

use std::collections::BTreeSet;

use crate::elf::Object;
use crate::types::{TypeId, TypeTable};

/// Largest table of types, in bytes, that a header carries. A typical driver's has some kilobytes.
pub const MAX_TYPE_TABLE_BYTES: usize = 256 << 10;

/// What debug information tells about one persistent variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VariableDebugInfo {
    /// Index of the section that holds it.
    pub section: usize,
    /// Its offset in the section, in bytes.
    pub offset: u64,
    /// The function around it, for a static in a function.
    pub function: Option<String>,
    /// Its type as C text.
    pub type_name: Option<String>,
    /// Its type in the table that was read with it.
    pub type_id: Option<TypeId>,
}

/// What debug information tells about the persistent data of a module.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PersistentDebugInfo {
    /// The variables. They only refine the symbol table, so the list is empty if there is no debug
    /// information that can be read, or if this crate was built without the feature `dwarf`.
    pub variables: Vec<VariableDebugInfo>,
    /// Their types, and those that pointers lead to.
    pub types: TypeTable,
    /// The types would have so many bytes, more than [`MAX_TYPE_TABLE_BYTES`], and were left out.
    pub types_left_out: Option<usize>,
    /// The structures and unions that the module defines (`struct item`), if it names any with
    /// `PERSISTENT_HOLDS()`.
    pub defined_tags: Option<BTreeSet<String>>,
}

/// BTF of the kernel that a module is for. Types that it has are named in a table and not described.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct KernelBtfBlobs {
    /// `/sys/kernel/btf/vmlinux`
    pub vmlinux: Vec<u8>,
    /// `/sys/kernel/btf/MODULE` of modules that the module uses.
    pub modules: Vec<Vec<u8>>,
}

impl KernelBtfBlobs {
    /// The kernel's own BTF, without any module's.
    #[must_use]
    pub fn new(vmlinux: Vec<u8>) -> Self {
        Self { vmlinux, modules: Vec::new() }
    }
}

/// Reads the BTF of the running kernel; `None` if it has none.
pub type KernelBtfReader<'r> = &'r dyn Fn() -> Option<KernelBtfBlobs>;

impl VariableDebugInfo {
    /// The variable at `offset` bytes in a section, of which nothing is known yet.
    #[must_use]
    pub fn new(section: usize, offset: u64) -> Self {
        Self { section, offset, function: None, type_name: None, type_id: None }
    }
}

impl PersistentDebugInfo {
    /// Reads the debug information of `object`.
    ///
    /// Pointers may lead to thousands of the kernel's types. If `kernel` is given and there are many, those
    /// that the kernel has itself are named in the table and not described.
    #[must_use]
    pub fn read(object: &Object<'_>, kernel: Option<KernelBtfReader<'_>>) -> Self {
        read(object, kernel)
    }
}

#[cfg(not(feature = "dwarf"))]
fn read(_object: &Object<'_>, _kernel: Option<KernelBtfReader<'_>>) -> PersistentDebugInfo {
    Default::default()
}

#[cfg(feature = "dwarf")]
fn read(object: &Object<'_>, kernel: Option<KernelBtfReader<'_>>) -> PersistentDebugInfo {
    use super::PersistentSection;
    use crate::dwarf::{DebugInfo, DebugSections, DwarfTypes};

    let Ok(sections) = DebugSections::of(object) else { return Default::default() };
    let Ok(info) = DebugInfo::read(&sections) else { return Default::default() };
    let persistent = |index: usize| {
        object
            .sections
            .get(index)
            .is_some_and(|section| PersistentSection::from_name(&section.name).is_some())
    };
    let mut variables = info.variables();
    variables.retain(|variable| persistent(variable.section));
    let types = DwarfTypes::new(&info);
    let roots: Vec<Option<TypeId>> = variables.iter().map(|variable| types.of_variable(variable)).collect();
    let held = types.held();
    let roots: Vec<Option<TypeId>> = roots.into_iter().chain(held.iter().copied().map(Some)).collect();
    let (mut table, mut ids) = table(&types, &roots, kernel);
    let bytes = table.to_bytes().len();
    let types_left_out = (bytes > MAX_TYPE_TABLE_BYTES).then_some(bytes);
    if types_left_out.is_some() {
        (table, ids) = (TypeTable::default(), vec![None; roots.len()]);
    }
    let held = ids.split_off(variables.len());
    table.set_held(held.into_iter().flatten().collect());
    let variables = variables.into_iter().zip(ids).map(|(variable, type_id)| VariableDebugInfo {
        section: variable.section,
        offset: variable.offset,
        function: variable.function,
        type_name: variable.type_name,
        type_id,
    });
    let defined_tags = (!table.held().is_empty()).then(|| types.defined_tags());
    PersistentDebugInfo { variables: variables.collect(), types: table, types_left_out, defined_tags }
}

/// The table of these types, with their numbers in it.
#[cfg(feature = "dwarf")]
fn table(
    types: &crate::dwarf::DwarfTypes<'_, '_>,
    roots: &[Option<TypeId>],
    kernel: Option<KernelBtfReader<'_>>,
) -> (TypeTable, Vec<Option<TypeId>>) {
    use crate::btf::{Btf, BtfTypes, KernelBtf};

    /// Members up to which a table is small enough not to ask the kernel what it has.
    const FEW_MEMBERS: usize = 2000;
    /// Members above which a table would have too many bytes.
    const MANY_MEMBERS: usize = MAX_TYPE_TABLE_BYTES / 4;

    let known: Vec<TypeId> = roots.iter().flatten().copied().collect();
    let small = types.table(&known, None, FEW_MEMBERS);
    let blobs = if small.is_complete { None } else { kernel.and_then(|read| read()) };
    let vmlinux = blobs.as_ref().and_then(|blobs| Btf::parse(&blobs.vmlinux).ok());
    let best = match (&blobs, &vmlinux) {
        _ if small.is_complete => small,
        (Some(blobs), Some(vmlinux)) => {
            let modules = blobs.modules.iter().filter_map(|blob| Btf::parse_split(blob, vmlinux).ok());
            let modules: Vec<Btf<'_>> = modules.collect();
            let of_kernel = BtfTypes::new(vmlinux);
            let of_modules: Vec<BtfTypes<'_, '_>> = modules.iter().map(BtfTypes::new).collect();
            let known_there = KernelBtf::new(&of_kernel, types);
            let known_there = of_modules.iter().fold(known_there, KernelBtf::with_module);
            types.table(&known, Some(&known_there), MANY_MEMBERS)
        }
        _ => types.table(&known, None, MANY_MEMBERS),
    };
    let mut numbers = best.roots.into_iter();
    let ids = roots.iter().map(|root| root.and_then(|_| numbers.next())).collect();
    (best.table, ids)
}
