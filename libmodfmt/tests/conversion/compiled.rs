// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables as a compiler made them: their bytes and their types.

use std::process::Command;

use libmodfmt::convert::{ConversionRefusal, Converted, Decision, Move, Moves, Request, Side, decide};
use libmodfmt::dwarf::{DebugInfo, DebugSections, DwarfTypes};
use libmodfmt::elf::{ByteOrder, Class, Object};
use libmodfmt::hints::Renames;
use libmodfmt::types::{TypeId, TypeTable};

/// A variable of a compiled source file.
#[derive(Debug, Clone)]
pub struct Variable {
    pub types: TypeTable,
    pub id: TypeId,
    pub bytes: Vec<u8>,
    pub align: u64,
    /// Offsets of relocations in it.
    pub relocated: Vec<u64>,
}

impl Variable {
    pub fn side(&self) -> Side<'_> {
        Side { types: &self.types, id: self.id, size: self.bytes.len() as u64 }
    }
}

/// The compilers that are here.
pub fn compilers() -> Vec<&'static str> {
    let found: Vec<_> =
        ["gcc", "clang"].into_iter().filter(|name| modtest::compile::is_installed(name)).collect();
    assert!(!found.is_empty(), "no compiler");
    found
}

/// The variables of a source file, by name.
pub fn variables(compiler: &str, source: &str, names: &[&str]) -> Vec<Variable> {
    let folder = tempfile::tempdir().unwrap();
    let (path, object) = (folder.path().join("x.c"), folder.path().join("x.o"));
    std::fs::write(&path, source).unwrap();
    let flags = ["-c", "-w", "-O1", "-g", "-fno-common", "-fno-zero-initialized-in-bss", "-o"];
    let flags = flags.iter().filter(|flag| compiler == "gcc" || !flag.contains("zero-init"));
    let built = Command::new(compiler).args(flags).arg(&object).arg(&path).output().unwrap();
    assert!(built.status.success(), "{source}\n{}", String::from_utf8_lossy(&built.stderr));
    let bytes = std::fs::read(&object).unwrap();
    let object = Object::parse(&bytes).unwrap();
    let sections = DebugSections::of(&object).unwrap();
    let info = DebugInfo::read(&sections).unwrap();
    let found = info.variables();
    let types = DwarfTypes::new(&info);
    let of = |name: &&str| found.iter().find(|variable| variable.name == *name).expect("no such variable");
    let roots: Vec<_> = names.iter().map(|name| types.of_variable(of(name)).unwrap()).collect();
    let table = types.table(&roots, None, 100_000);
    names
        .iter()
        .zip(table.roots)
        .map(|(name, id)| {
            let variable = of(name);
            let section = &object.sections[variable.section];
            let size = variable.size.unwrap() as usize;
            let start = variable.offset as usize;
            let bytes = section.data.get(start..start + size).map_or_else(|| vec![0; size], <[u8]>::to_vec);
            let relocations = object.relocations_of(variable.section).unwrap();
            let offsets = relocations.iter().filter_map(|found| found.offset.checked_sub(variable.offset));
            let mut relocated: Vec<u64> = offsets.filter(|offset| *offset < size as u64).collect();
            relocated.sort_unstable();
            Variable { types: table.table.clone(), id, bytes, align: section.align, relocated }
        })
        .collect()
}

/// The variable `x`.
pub fn x(compiler: &str, source: &str) -> Variable {
    variables(compiler, source, &["x"]).remove(0)
}

/// What happened to `x`.
#[derive(Debug)]
pub enum Outcome {
    Equal,
    Same,
    Grows,
    Shrinks,
    Converted(Vec<u8>),
    Refused(String),
}

/// Where the old variable is, and where the new one will be.
pub const OLD: u64 = 0xffff_8880_0000_1000;
pub const NEW: u64 = 0xffff_8880_0000_9000;

/// What may be said with a load.
#[derive(Debug, Default, Clone)]
pub struct Said {
    pub renames: Renames,
    pub drops: Vec<String>,
    pub room: u64,
}

/// Carries the kept variable over, all checks included.
pub fn carry(old: &Variable, new: &Variable, said: &Said) -> Outcome {
    let mut request = Request::new("x", old.side(), new.side(), ByteOrder::Little, Class::Elf64);
    request.room = (old.bytes.len() as u64).max(said.room);
    request.align = 64;
    request.new_align = new.align.min(64);
    request.initial = &new.bytes;
    request.relocated = &new.relocated;
    request.kept = Some(&old.bytes);
    request.renames = &said.renames;
    request.drops = &said.drops;
    let decision = match decide(&request) {
        Ok(decision) => decision,
        Err(refusal) => return Outcome::Refused(refusal.to_string()),
    };
    let changes = match &decision {
        Decision::Equal(_) => None,
        Decision::Converts(plan) => Some(plan.changes()),
        Decision::ReadsTheSame(place) | Decision::GrowsInPlace(place) | Decision::ShrinksInPlace(place) => {
            Some(place.changes())
        }
    };
    assert!(changes.is_none_or(|changes| !changes.is_empty()), "nothing says what changes: {decision:?}");
    let own = OLD..OLD + old.bytes.len() as u64;
    let stay = Moves::new(vec![], std::iter::once(own).collect());
    let check = |place: &libmodfmt::convert::InPlace, outcome| match place.check("x", &old.bytes, OLD, &stay)
    {
        Ok(()) => outcome,
        Err(refusal) => Outcome::Refused(refusal.to_string()),
    };
    match &decision {
        Decision::Equal(_) => Outcome::Equal,
        Decision::ReadsTheSame(place) => check(place, Outcome::Same),
        Decision::GrowsInPlace(place) => check(place, Outcome::Grows),
        Decision::ShrinksInPlace(place) => check(place, Outcome::Shrinks),
        Decision::Converts(plan) => {
            let own = Move { variable: "x", old_address: OLD, new_address: Some(NEW), plan };
            match plan.apply(&old.bytes, &new.bytes, 0, &Moves::new(vec![own], vec![])) {
                Ok(Converted { bytes, .. }) => Outcome::Converted(bytes),
                Err(refusal) => Outcome::Refused(refusal.to_string()),
            }
        }
    }
}

/// The outcome for `x` by each compiler, which must agree in it; the bytes are those of the last one.
pub fn outcome_with(old: &str, new: &str, said: &Said) -> (Outcome, Variable) {
    let mut last: Option<(String, Outcome, Variable)> = None;
    for compiler in compilers() {
        let (old, new) = (x(compiler, old), x(compiler, new));
        let outcome = carry(&old, &new, said);
        // gcc's `short int` is clang's `short`.
        let text = match &outcome {
            Outcome::Refused(text) => text.split(" (").next().unwrap().to_owned(),
            other => format!("{other:?}"),
        };
        if let Some((before, ..)) = &last {
            assert_eq!(before, &text, "{compiler}");
        }
        last = Some((text, outcome, new));
    }
    let (_, outcome, new) = last.unwrap();
    (outcome, new)
}

pub fn outcome(old: &str, new: &str) -> Outcome {
    outcome_with(old, new, &Said::default()).0
}

/// `x` is converted, and has the bytes that the new source gives to `y`.
#[track_caller]
pub fn becomes(old: &str, new: &str) {
    becomes_with(old, new, &Said::default());
}

#[track_caller]
pub fn becomes_with(old: &str, new: &str, said: &Said) {
    let (outcome, _) = outcome_with(old, new, said);
    let Outcome::Converted(bytes) = outcome else { panic!("{old}\n{new}\n{outcome:?}") };
    let compiler = *compilers().last().unwrap();
    let wanted = variables(compiler, new, &["y"]).remove(0);
    assert_eq!(bytes, wanted.bytes, "\n{old}\n{new}");
}

#[track_caller]
pub fn is_refused(old: &str, new: &str, text: &str) {
    is_refused_with(old, new, &Said::default(), text);
}

#[track_caller]
pub fn is_refused_with(old: &str, new: &str, said: &Said, text: &str) {
    match outcome_with(old, new, said).0 {
        Outcome::Refused(refusal) => assert_eq!(refusal, text, "\n{old}\n{new}"),
        other => panic!("{old}\n{new}\n{other:?}"),
    }
}

/// A hint about a renamed field.
pub fn renamed(of: &str, old: &str, new: &str) -> Said {
    let mut renames = Renames::default();
    renames.add(&format!("{of}.{old}={new}")).unwrap();
    Said { renames, ..Said::default() }
}

pub fn dropped(fields: &[&str]) -> Said {
    Said { drops: fields.iter().map(|&field| field.to_owned()).collect(), ..Said::default() }
}

/// The refusal, or nothing.
#[allow(dead_code, reason = "for tests of pointers")]
pub fn said(result: Result<Converted, ConversionRefusal>) -> Result<Vec<u8>, String> {
    result.map(|converted| converted.bytes).map_err(|refusal| refusal.to_string())
}
