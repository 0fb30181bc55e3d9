// SPDX-License-Identifier: MIT OR Apache-2.0
//! What each relocation leads to, in a module and in the two images that take its place: it must be the same.
//!
//! The kernel links the images by the names that the keeper exports, so this does, too. It knows what loaders
//! do with a symbol and an addend, and nothing of how the images are made.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};

use super::addend::{self, R_MIPS_LO16};
use super::elf::{Elf, Relocation, Section};
use super::made_persistent::is_persistent;

const EM_MIPS: u16 = 8;
const EM_S390: u16 = 22;
const EM_RISCV: u16 = 243;
const R_390_PC32DBL: u32 = 19;
const R_390_GOTENT: u32 = 26;
const R_RISCV_PCREL_HI20: u32 = 23;
const R_RISCV_PCREL_LO12: [u32; 2] = [24, 25];

/// A place that a relocation leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// In persistent data: the section, and the offset in it.
    Kept(String, i128),
    /// In another section of the module.
    Own(usize, i128),
    /// A symbol of the kernel or another module.
    Import(String, i128),
    /// A number.
    Absolute(i128),
}

impl Target {
    fn plus(mut self, addend: i64) -> Self {
        *self.offset() += i128::from(addend);
        self
    }

    fn offset(&mut self) -> &mut i128 {
        match self {
            Self::Kept(_, offset) | Self::Own(_, offset) | Self::Import(_, offset) => offset,
            Self::Absolute(value) => value,
        }
    }

    /// With as much of the offset as counts, where the addend has so many bits.
    fn within(mut self, bits: u32) -> Self {
        let offset = self.offset();
        *offset = offset.rem_euclid(1 << bits);
        self
    }
}

/// How many relocations were compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub relocations: usize,
    /// Those that lead into persistent data.
    pub uses: usize,
    /// Loads from the GOT that have become computed addresses.
    pub computed: usize,
}

/// Compares a module with its images.
pub fn compare(file: &Elf, keeper: &Elf, owner: &Elf) -> Result<Counts> {
    let exports = exports(keeper)?;
    let nothing = HashMap::new();
    let mut counts = Counts::default();
    let mut changed: HashMap<usize, Vec<u8>> = HashMap::new();
    for (table, section) in file.tables() {
        let place = file.section(section)?;
        let before = relocations(file, table, place)?;
        let is_rel = file.section(table)?.is_rel();
        let is_kept = is_persistent(place);
        let (image, exports, in_image) = match is_kept {
            true => (keeper, &nothing, keeper.named(&place.name).map(|(index, _)| index)),
            false => (owner, &exports, Some(section)),
        };
        let in_image = in_image.with_context(|| format!("the keeper has no {}", place.name))?;
        let mut after = Vec::new();
        for (table, _) in image.tables().into_iter().filter(|(_, target)| *target == in_image) {
            after.extend(relocations(image, table, image.section(in_image)?)?);
        }
        ensure!(
            before.len() == after.len(),
            "{} has {} relocations, not {}",
            place.name,
            after.len(),
            before.len()
        );
        for (before, after) in before.iter().zip(&after) {
            let what = || format!("{}+{:#x}", place.name, before.offset);
            let (old, new) = (
                target(file, before.symbol, &nothing).with_context(what)?,
                target(image, after.symbol, exports).with_context(what)?,
            );
            counts.relocations += 1;
            counts.uses += usize::from(matches!(old, Target::Kept(..)));
            let is_entry = file.machine == EM_S390 && before.kind == R_390_GOTENT;
            if is_entry && after.kind == R_390_PC32DBL {
                // lgrl %rN,ENTRY becomes larl %rN,VARIABLE: an address must be what the entry had.
                let code = file.bytes(place)?.to_vec();
                let code = changed.entry(section).or_insert(code);
                let start = usize::try_from(before.offset)?.checked_sub(2).with_context(what)?;
                let opcode = code.get_mut(start..start + 2).with_context(what)?;
                let [0xc4, register] = *opcode else { bail!("{} is no lgrl", what()) };
                ensure!(register & 15 == 8, "{} is no lgrl", what());
                opcode.copy_from_slice(&[0xc0, register & 0xf0]);
                ensure!(before.offset == after.offset && before.addend == 2, "{} is another place", what());
                let new = new.plus(after.addend - 2);
                ensure!(old == new, "{} leads to {new:?}, not {old:?}", what());
                counts.computed += 1;
                continue;
            }
            ensure!(
                (before.offset, before.kind) == (after.offset, after.kind),
                "{} is of type {}, not {}",
                what(),
                after.kind,
                before.kind
            );
            // An entry of the GOT has the symbol, and what is added is of the entry's place.
            let (old, new) = match is_entry {
                true => {
                    ensure!(before.addend == after.addend, "{} is another entry", what());
                    (old, new)
                }
                false => (old.plus(before.addend), new.plus(after.addend)),
            };
            // Addresses of 32 bits wrap around; of a lower half the others say nothing.
            let (old, new) = match (is_rel, file.machine, before.kind) {
                (true, EM_MIPS, R_MIPS_LO16) => (old.within(16), new.within(16)),
                (true, ..) => (old.within(32), new.within(32)),
                _ => (old, new),
            };
            if is_rel {
                let bytes = image.bytes(image.section(in_image)?)?;
                let own = file.bytes(place)?.to_vec();
                addend::copy(file, after, bytes, changed.entry(section).or_insert(own)).with_context(what)?;
            }
            ensure!(old == new, "{} leads to {new:?}, not {old:?}", what());
        }
        if file.machine == EM_RISCV && !is_kept {
            pairs(file, section, &before)?;
            pairs(owner, section, &after)?;
        }
    }
    for (_, section) in owner.tables() {
        let is_files = file.tables().iter().any(|(_, known)| *known == section);
        ensure!(is_files, "the owner has relocations of {}, the file has not", owner.section(section)?.name);
    }
    same_bytes(file, keeper, owner, &changed)?;
    Ok(counts)
}

/// The relocations of a table that changes a section, with their addends.
fn relocations(elf: &Elf, table: usize, section: &Section) -> Result<Vec<Relocation>> {
    let mut found = elf.relocations(table)?;
    if elf.section(table)?.is_rel() {
        addend::fill(elf, elf.bytes(section)?, &mut found)?;
    }
    Ok(found)
}

/// The symbols that a keeper exports, as the loader finds them: `__ksymtab` has for each, in this order, a
/// place and a name.
fn exports(keeper: &Elf) -> Result<HashMap<String, Target>> {
    let (index, _) = keeper.named("__ksymtab").context("the keeper exports nothing")?;
    let (strings, section) = keeper.named("__ksymtab_strings").context("its exports have no names")?;
    let mut found = Vec::new();
    for (table, _) in keeper.tables().into_iter().filter(|(_, target)| *target == index) {
        found.extend(relocations(keeper, table, keeper.section(index)?)?);
    }
    found.sort_by_key(|relocation| relocation.offset);
    let mut exports = HashMap::new();
    let nothing = HashMap::new();
    for pair in found.chunks(2) {
        let [value, name] = pair else { bail!("an export lacks its name") };
        let read = |relocation: &Relocation| {
            Ok::<_, anyhow::Error>(target(keeper, relocation.symbol, &nothing)?.plus(relocation.addend))
        };
        let Target::Own(place, offset) = read(name)? else { bail!("a name is no text of the keeper") };
        ensure!(place == strings, "a name is no text of the keeper");
        let name = keeper.text(section.offset + usize::try_from(offset)?)?;
        ensure!(exports.insert(name.clone(), read(value)?).is_none(), "{name} is exported twice");
    }
    Ok(exports)
}

/// What a symbol stands for. Imports that a keeper exports are what it exports.
fn target(elf: &Elf, symbol: usize, exports: &HashMap<String, Target>) -> Result<Target> {
    let symbol = elf.symbols.get(symbol).context("no such symbol")?;
    let value = i128::from(symbol.value);
    Ok(match symbol.section {
        0 => match exports.get(&symbol.name) {
            Some(target) => target.clone(),
            None => Target::Import(symbol.name.clone(), value),
        },
        0xff00.. => Target::Absolute(value),
        index => {
            let section = elf.section(index.into())?;
            match is_persistent(section) {
                true => Target::Kept(section.name.clone(), value),
                false => Target::Own(index.into(), value),
            }
        }
    })
}

/// On riscv the rest of a distance is that of the relocation at the place that is named.
fn pairs(elf: &Elf, section: usize, relocations: &[Relocation]) -> Result<()> {
    let firsts: Vec<u64> = relocations
        .iter()
        .filter(|relocation| relocation.kind == R_RISCV_PCREL_HI20)
        .map(|relocation| relocation.offset)
        .collect();
    for rest in relocations.iter().filter(|relocation| R_RISCV_PCREL_LO12.contains(&relocation.kind)) {
        let label = elf.symbols.get(rest.symbol).context("no such symbol")?;
        let is_known = usize::from(label.section) == section && firsts.contains(&label.value);
        ensure!(is_known, "{:#x} names {}, which has no distance", rest.offset, label.name);
    }
    Ok(())
}

/// Everything that is loaded has the file's bytes.
fn same_bytes(file: &Elf, keeper: &Elf, owner: &Elf, changed: &HashMap<usize, Vec<u8>>) -> Result<()> {
    for (index, section) in file.sections.iter().enumerate().filter(|(_, section)| section.is_loaded()) {
        let bytes = match changed.get(&index) {
            Some(bytes) => bytes,
            None => file.bytes(section)?,
        };
        if is_persistent(section) {
            let (_, kept) = keeper.named(&section.name).context("a section is not kept")?;
            ensure!(kept.has_bytes() == section.has_bytes(), "{} is of another kind", section.name);
            let rest = keeper.bytes(kept)?.strip_prefix(bytes);
            ensure!(rest.is_some_and(|rest| rest.iter().all(|byte| *byte == 0)), "{} differs", section.name);
            ensure!(kept.size >= section.size, "{} is too short", section.name);
            ensure!(!owner.section(index)?.is_loaded(), "the owner still has {}", section.name);
            continue;
        }
        let image = owner.section(index)?;
        // More versions are appended.
        let may_grow = section.name.starts_with("__version");
        let rest = owner.bytes(image)?.strip_prefix(bytes);
        let is_same = image.name == section.name && rest.is_some_and(|rest| may_grow || rest.is_empty());
        ensure!(is_same, "{} differs in the owner", section.name);
    }
    Ok(())
}
