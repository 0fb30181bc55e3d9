// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes a region as the extended kernel does, for fake kernels in tests.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use super::{BlockNote, ExtendedBlock, ExtendedRegion, ExtendedUse};
use crate::persist::Header;

impl Display for ExtendedRegion {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let state = match self.used {
            ExtendedUse::Unused => "unused",
            ExtendedUse::Used => "used",
            ExtendedUse::New => "new",
        };
        writeln!(f, "region {} {state}", escape(&self.owner))?;
        self.blocks.iter().try_for_each(|block| write!(f, "{block}"))
    }
}

impl Display for ExtendedBlock {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let header = &self.header;
        let names = match (header.named, is_ambiguous(header)) {
            (true, false) => "named",
            (true, true) => "ambiguous",
            (false, _) => "unnamed",
        };
        let state = if self.is_new { "new" } else { "kept" };
        write!(f, "block {} {state} {names} ", header.generation)?;
        if header.build_id.is_empty() {
            f.write_str("-")?;
        }
        for byte in &header.build_id {
            write!(f, "{byte:02x}")?;
        }
        let note = match self.note {
            BlockNote::None => "none",
            BlockNote::Noted => "noted",
            BlockNote::Old => "old",
        };
        writeln!(f, " {} {note}", self.serial)?;
        for (index, unit) in header.units.iter().enumerate() {
            let address = self.addresses.get(index).copied().unwrap_or_default();
            let permission = if unit.writable { "rw" } else { "ro" };
            let used = if self.used.get(index) == Some(&false) { "unused" } else { "used" };
            writeln!(
                f,
                "section {} {address:#018x} {} {} {permission} {used} {:016x}",
                escape(&unit.section),
                unit.size,
                unit.align,
                unit.layout_hash()
            )?;
            for variable in &unit.variables {
                let file = escape(variable.file.as_deref().unwrap_or_default());
                write!(f, "variable {} {} {file} ", variable.offset, variable.size)?;
                if let Some(function) = &variable.function {
                    write!(f, "{}.", escape(function))?;
                }
                writeln!(f, "{}", escape(&variable.name))?;
            }
        }
        Ok(())
    }
}

/// Whether two variables share file and name: a kernel knows nothing else to tell them apart by.
fn is_ambiguous(header: &Header) -> bool {
    let mut seen = HashSet::new();
    !header.variables().all(|(_, variable)| seen.insert((&variable.file, &variable.function, &variable.name)))
}

fn escape(name: &str) -> String {
    if name.is_empty() {
        return "-".to_owned();
    }
    let mut escaped = String::new();
    for character in name.chars() {
        match character {
            ' ' | '\t' | '\n' | '\\' => escaped.push_str(&format!("\\{:03o}", u32::from(character))),
            other => escaped.push(other),
        }
    }
    escaped
}
