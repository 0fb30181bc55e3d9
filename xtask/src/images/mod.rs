// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask images`: makes images of all modules of a distribution's kernel, as if their ordinary data
//! were persistent, and compares with the modules what every relocation leads to. With `--read`, compares what
//! libmodfmt reads of them with what readelf and kmod read.

mod addend;
mod document;
mod elf;
pub mod made_persistent;
mod reading;
mod resolver;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;
use libmodfmt::module::Module;

use crate::args::{ImagesArgs, KernelArgs, MachineArgs};
use crate::checks::export_layout::module_files;
use crate::setup::Missing;
use crate::ui::{self, Colour, paint};
use crate::{kernel, processors, workspace};
use elf::Elf;
use reading::{Counts, MAX_MODULE_BYTES, Reader};

/// How many differences are shown, and how much of each.
const MAX_SHOWN: usize = 20;
const MAX_CHARACTERS: usize = 400;

/// Compares the modules of each kernel that is named. What came of all modules of a kernel is written down.
pub fn run(args: &ImagesArgs) -> Result<ExitCode> {
    let mut is_good = true;
    for name in kernel::expand(&args.kernels) {
        let every = args.every.max(1);
        let compared = if args.read { read(&name, every)? } else { one(&name, every)? };
        is_good &= compared.is_good;
        if every == 1 {
            document::record(compared.row)?;
        }
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Both comparisons, with every `every`th module of a kernel. Skipped for a kernel whose modules cannot be had.
pub fn check(name: &str, every: usize) -> Result<bool> {
    Ok(read(name, every)?.is_good & one(name, every)?.is_good)
}

/// What came of the modules of a kernel.
struct Compared {
    is_good: bool,
    /// The same for the document.
    row: document::Row,
}

/// What was seen of a kernel's modules.
#[derive(Default)]
struct Seen {
    modules: usize,
    without_data: usize,
    compared: usize,
    counts: resolver::Counts,
    /// Why images were refused: how often, and of which module first.
    refused: BTreeMap<String, (usize, String)>,
    wrong: Vec<String>,
}

/// The release of a kernel as text and number, and its modules.
fn modules_of(name: &str) -> Result<(String, Release, Vec<PathBuf>)> {
    let (text, modules) = match processors::modules_of(name)? {
        Some(found) => found,
        None => {
            let machine = MachineArgs::default();
            let kernel = kernel::find(&KernelArgs { kernel: name.to_owned(), machine })?;
            (kernel.release, kernel.modules)
        }
    };
    let modules = modules.ok_or_else(|| Missing(format!("{name} has no modules here")))?;
    let release = Release::parse(&text).with_context(|| text.clone())?;
    Ok((text, release, module_files(&modules)?))
}

/// Compares what is read of a kernel's modules.
fn read(name: &str, every: usize) -> Result<Compared> {
    let (text, release, files) = modules_of(name)?;
    let mut reader = Reader::new(&workspace::target().join("read-modules"), release)?;
    let mut wrong = Vec::new();
    let chosen: Vec<&PathBuf> = files.iter().step_by(every).collect();
    ensure!(!chosen.is_empty(), "{name} has no modules here");
    for file in &chosen {
        if let Err(error) = reader.compare(file) {
            wrong.push(format!("{}: {error:#}", file.file_name().map(Path::new).unwrap_or(file).display()));
        }
    }
    let (colour, word) = if wrong.is_empty() { (Colour::Green, "pass") } else { (Colour::Red, "FAIL") };
    let Counts { fields, versions, exports, variables } = reader.counts;
    let what = format!(
        "{fields} fields of modinfo, {versions} versions of imports, {exports} exports, {variables} variables"
    );
    ui::line(&format!(
        "  {name:14} {} Linux {text}: {} modules read as by readelf and kmod: {what}",
        paint(colour, word),
        chosen.len(),
    ));
    for difference in wrong.iter().take(MAX_SHOWN) {
        ui::line(&format!("       {}", difference.chars().take(MAX_CHARACTERS).collect::<String>()));
    }
    let row = document::Row::new((name, &text), "reading", (chosen.len(), wrong.len()), &what)?;
    Ok(Compared { is_good: wrong.is_empty(), row })
}

/// Compares what the images of a kernel's modules lead to.
fn one(name: &str, every: usize) -> Result<Compared> {
    let (text, release, files) = modules_of(name)?;
    let mut seen = Seen::default();
    for file in files.iter().step_by(every) {
        let shown = file.file_name().map(Path::new).unwrap_or(file).display().to_string();
        seen.modules += 1;
        let content = ModuleFile::new(fs::read(file)?, MAX_MODULE_BYTES);
        let image = content.unsigned_image().with_context(|| shown.clone())?.to_owned();
        let Some(image) = made_persistent::of(image).with_context(|| shown.clone())? else {
            seen.without_data += 1;
            continue;
        };
        match images(&image, release) {
            Ok((keeper, owner)) => match compare(image, keeper, owner) {
                Ok(counts) => seen.add(counts),
                Err(error) => seen.wrong.push(format!("{shown}: {error:#}")),
            },
            Err(error) => {
                seen.refused.entry(kind(&error)).or_insert((0, format!("{shown}: {error:#}"))).0 += 1
            }
        }
    }
    ensure!(seen.compared > 0 || !seen.wrong.is_empty(), "{name}: no images were made");
    seen.print(name, &text);
    let counted = (seen.compared, seen.wrong.len());
    let row = document::Row::new((name, &text), "images", counted, &seen.what())?;
    Ok(Compared { is_good: seen.wrong.is_empty(), row })
}

/// The keeper and the owner.
fn images(image: &[u8], release: Release) -> Result<(Vec<u8>, Vec<u8>)> {
    let module = Module::parse(image)?;
    let persistent = module.persistent()?.context("it has no persistent data")?;
    let layout = ExportLayout::for_release(module.object.ident.machine, release);
    let bindings = Bindings::first(persistent.header());
    Ok((persistent.keeper(&layout, &bindings)?, persistent.owner(&bindings)?))
}

fn compare(file: Vec<u8>, keeper: Vec<u8>, owner: Vec<u8>) -> Result<resolver::Counts> {
    resolver::compare(
        &Elf::parse(file)?,
        &Elf::parse(keeper).context("the keeper")?,
        &Elf::parse(owner).context("the owner")?,
    )
}

/// A refusal without what differs between modules: names, numbers, places.
fn kind(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let words = text.split_whitespace().map(|word| match word {
        _ if word.contains("R_") => word,
        _ if word.chars().any(|letter| letter.is_ascii_digit() || "_.+/\"".contains(letter)) => "*",
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

impl Seen {
    fn add(&mut self, counts: resolver::Counts) {
        self.compared += 1;
        self.counts.relocations += counts.relocations;
        self.counts.uses += counts.uses;
        self.counts.computed += counts.computed;
    }

    /// What was compared, and what was not.
    fn what(&self) -> String {
        let computed = match self.counts.computed {
            0 => String::new(),
            count => format!(", {count} addresses computed instead of loaded"),
        };
        let refused = match self.refused.values().map(|(count, _)| count).sum() {
            0 => String::new(),
            count @ 1_usize.. => format!(", {count} refused by name"),
        };
        format!(
            "{} relocations, {} into persistent data{computed}; {} without such data{refused}",
            self.counts.relocations, self.counts.uses, self.without_data
        )
    }

    fn print(&self, name: &str, release: &str) {
        let (colour, word) =
            if self.wrong.is_empty() { (Colour::Green, "pass") } else { (Colour::Red, "FAIL") };
        ui::line(&format!(
            "  {name:14} {} Linux {release}: {} of {} modules compared: {}",
            paint(colour, word),
            self.compared,
            self.modules,
            self.what()
        ));
        for (count, first) in self.refused.values() {
            ui::line(&format!("    refused {count}, such as {first}"));
        }
        for wrong in self.wrong.iter().take(20) {
            ui::line(&format!("    wrong: {wrong}"));
        }
    }
}
