// SPDX-License-Identifier: MIT OR Apache-2.0
//! What libmodfmt reads is what readelf and modinfo read, file by file.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use libmodfmt::elf::{Object, Place};
use libmodfmt::module::Module;
use libmodfmt::signature;

use crate::fixtures;
use crate::{process, ui};

/// Compares every uncompressed fixture, and the images that are made of it are compared in the VM by
/// the kernel itself.
pub fn check(fixtures_dir: &Path) -> Result<bool> {
    let mut count = 0;
    for file in fixtures::modules(fixtures_dir)? {
        if file.extension().is_none_or(|extension| extension != "ko") {
            continue;
        }
        let bytes = fs::read(&file)?;
        let (bytes, _) = signature::split(&bytes).with_context(|| file.display().to_string())?;
        let module = Module::parse(bytes).with_context(|| file.display().to_string())?;
        sections(&file, &module.object)?;
        symbols(&file, &module.object)?;
        relocations(&file, &module.object)?;
        modinfo(&file, &module)?;
        // Written again, readelf must see the same file.
        let again = fixtures_dir.join("written-again.tmp");
        fs::write(&again, module.object.write()?)?;
        let result = sections(&again, &module.object)
            .and_then(|()| symbols(&again, &module.object))
            .and_then(|()| relocations(&again, &module.object));
        fs::remove_file(&again)?;
        result.with_context(|| format!("{}, written again", file.display()))?;
        count += 1;
    }
    ensure!(count > 20, "only {count} modules to compare in {}", fixtures_dir.display());
    ui::line(&format!("{count} modules read as by readelf and modinfo, also after writing them again"));
    Ok(true)
}

fn readelf(option: &str, file: &Path) -> Result<String> {
    process::output(Command::new("readelf").args([option, "-W"]).arg(file).env("LC_ALL", "C"))
}

/// Names and sizes. The tables of names and symbols are made anew when a file is written.
fn sections(file: &Path, object: &Object<'_>) -> Result<()> {
    let ours: Vec<String> = object
        .sections
        .iter()
        .skip(1)
        .map(|section| match &*section.name {
            b".symtab" | b".strtab" | b".shstrtab" => section.name_text(),
            _ => format!("{} {:x}", section.name_text(), section.size),
        })
        .collect();
    let text = readelf("-S", file)?;
    let theirs: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('[')?.split_once(']'))
        .filter(|(number, _)| number.trim().parse::<u32>().is_ok_and(|number| number > 0))
        .filter_map(|(_, rest)| {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let (name, size) = (words.first()?, words.get(4)?);
            let made_anew = [".symtab", ".strtab", ".shstrtab"].contains(name);
            let size = u64::from_str_radix(size, 16).ok()?;
            Some(if made_anew { (*name).to_owned() } else { format!("{name} {size:x}") })
        })
        .collect();
    ensure!(ours == theirs, "{}: sections: ours {ours:?}, readelf's {theirs:?}", file.display());
    Ok(())
}

fn symbols(file: &Path, object: &Object<'_>) -> Result<()> {
    let text = readelf("-s", file)?;
    let theirs: Vec<(u64, String)> = text
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.first()?.strip_suffix(':')?.parse::<u32>().ok()?;
            Some((u64::from_str_radix(words.get(1)?, 16).ok()?, (*words.get(6)?).to_owned()))
        })
        .collect();
    ensure!(theirs.len() == object.symbols.len(), "{}: {} symbols", file.display(), theirs.len());
    for (number, (symbol, (value, index))) in object.symbols.iter().zip(&theirs).enumerate() {
        let place = match symbol.place {
            Place::Undefined => "UND".to_owned(),
            Place::Absolute => "ABS".to_owned(),
            Place::Common => "COM".to_owned(),
            Place::Section(index) => index.to_string(),
            Place::Reserved(index) => format!("RSV[{index:#x}]"),
        };
        let same = symbol.value == *value && place == *index;
        ensure!(same, "{}: symbol {number}: {symbol:?}, readelf: {value:#x} {index}", file.display());
    }
    Ok(())
}

fn relocations(file: &Path, object: &Object<'_>) -> Result<()> {
    let mut ours = Vec::new();
    for index in 0..object.sections.len() {
        for relocation in object.relocations(index)? {
            ours.push((relocation.offset, (relocation.symbol as u64) << 32 | u64::from(relocation.kind)));
        }
    }
    let text = readelf("-r", file)?;
    let theirs: Vec<(u64, u64)> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let offset = words.next().filter(|word| word.len() == 16)?;
            let info = words.next()?;
            Some((u64::from_str_radix(offset, 16).ok()?, u64::from_str_radix(info, 16).ok()?))
        })
        .collect();
    ensure!(ours == theirs, "{}: {} relocations, readelf has {}", file.display(), ours.len(), theirs.len());
    Ok(())
}

fn modinfo(file: &Path, module: &Module<'_>) -> Result<()> {
    let Some(program) = process::find("modinfo") else { return Ok(()) };
    let info = module.modinfo()?;
    for key in ["name", "vermagic", "license", "description", "depends"] {
        let theirs = process::output(Command::new(&program).args(["-F", key]).arg(file))?;
        let ours = match key {
            "name" => Some(module.name.clone()),
            key => info.text(key).map(|value| value.into_owned()),
        };
        // modinfo has no name for a module that gives none itself.
        ensure!(
            ours.clone().unwrap_or_default() == theirs.trim_end_matches('\n'),
            "{}: {key}: ours {ours:?}, modinfo's {theirs:?}",
            file.display()
        );
    }
    Ok(())
}
