// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes a region as the extended kernel does, for fake kernels in tests.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};
use std::iter;

use super::{ExtendedRegion, ExtendedUse};
use crate::persist::Header;

impl Display for ExtendedRegion {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let header = &self.header;
        let state = match self.used {
            ExtendedUse::Unused => "unused",
            ExtendedUse::Used => "used",
            ExtendedUse::New => "new",
        };
        let names = match (header.named, is_ambiguous(header)) {
            (true, false) => "named",
            (true, true) => "ambiguous",
            (false, _) => "unnamed",
        };
        write!(f, "region {} {state} {names} {:016x} ", escape(&header.owner), self.layout)?;
        if header.build_id.is_empty() {
            f.write_str("-")?;
        }
        for byte in &header.build_id {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("\n")?;
        for (unit, address) in header.units.iter().zip(self.addresses.iter().chain(iter::repeat(&0))) {
            writeln!(f, "section {} {address:#018x} {} {}", unit.section, unit.size, unit.align)?;
        }
        for (unit, variable) in header.variables() {
            let file = escape(variable.file.as_deref().unwrap_or_default());
            let (section, name) = (&unit.section, escape(&variable.name));
            writeln!(f, "variable {section} {} {} {file} {name}", variable.offset, variable.size)?;
        }
        Ok(())
    }
}

/// Whether two variables share file and name: a kernel knows nothing else to tell them apart by.
fn is_ambiguous(header: &Header) -> bool {
    let mut seen = HashSet::new();
    !header.variables().all(|(_, variable)| seen.insert((&variable.file, &variable.name)))
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
