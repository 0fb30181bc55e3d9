// SPDX-License-Identifier: MIT OR Apache-2.0
//! libmodfmt must read what readelf and modinfo read: from modules, from the same modules written back, and
//! from the images that are made from them.

pub mod elf;

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
pub use elf::readelf;
use libmodfmt::elf::Object;
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;
use libmodfmt::module::Module;

use crate::fixtures;
use crate::setup::Userland;
use crate::{process, ui};

/// Compares every uncompressed fixture.
pub fn check(fixtures_dir: &Path) -> Result<bool> {
    // modinfo comes from the package that the guest needs anyway; the machine itself may have none.
    let userland = Userland::fetch(None)?;
    let scratch = fixtures_dir.join("compared.tmp");
    let (mut modules, mut images) = (0, 0);
    for file in fixtures::modules(fixtures_dir)? {
        if file.extension().is_none_or(|extension| extension != "ko") {
            continue;
        }
        let content = ModuleFile::new(fs::read(&file)?, 0);
        let module = content.module().with_context(|| file.display().to_string())?;
        elf::compare(&file, &module.object)?;
        modinfo(&userland, &file, module)?;
        // readelf must see the same file after it was written back.
        written(&scratch, &module.object.write()?, &module.object)
            .with_context(|| format!("{}, written again", file.display()))?;
        modules += 1;
        for (kind, image) in images_of(module)? {
            let what = || format!("the {kind} image of {}", file.display());
            let object = Object::parse(&image).with_context(what)?;
            written(&scratch, &image, &object).with_context(what)?;
            images += 1;
        }
    }
    ensure!(modules > 20, "only {modules} modules to compare in {}", fixtures_dir.display());
    ensure!(images > 20, "only {images} images were made of the modules in {}", fixtures_dir.display());
    ui::line(&format!(
        "{modules} modules, the same written again, and {images} images read as by readelf and modinfo"
    ));
    Ok(true)
}

/// Compares an image that exists in memory only.
fn written(scratch: &Path, bytes: &[u8], object: &Object<'_>) -> Result<()> {
    fs::write(scratch, bytes)?;
    let result = elf::compare(scratch, object);
    fs::remove_file(scratch)?;
    result
}

/// The images that keep the data of a module. `None` if it has no persistent data, or if that cannot be kept
/// (some fixtures exist to be refused).
fn images_of(module: &Module<'_>) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let Some(persistent) = module.persistent()? else { return Ok(Vec::new()) };
    let layout = ExportLayout::for_release(module.object.ident.machine, Release::new(6, 1));
    let bindings = Bindings::first(persistent.header());
    let images = [
        ("keeper", persistent.keeper(&layout, &bindings)),
        ("pending", persistent.pending(&[1])),
        ("owner", persistent.owner(&bindings)),
    ];
    Ok(images.into_iter().filter_map(|(kind, image)| Some((kind, image.ok()?))).collect())
}

fn modinfo(userland: &Userland, file: &Path, module: &Module<'_>) -> Result<()> {
    let info = module.modinfo()?;
    for key in ["name", "vermagic", "license", "description", "depends"] {
        let theirs = process::output(userland.kmod_tool("modinfo")?.args(["-F", key]).arg(file))?;
        let ours = match key {
            "name" => Some(module.name.clone()),
            key => info.text(key).map(Cow::into_owned),
        };
        // modinfo prints no name if the module itself has none.
        ensure!(
            ours.clone().unwrap_or_default() == theirs.trim_end_matches('\n'),
            "{}: {key}: ours {ours:?}, modinfo's {theirs:?}",
            file.display()
        );
    }
    // Parameters with a type are in the module's own table as well.
    let typed = process::output(userland.kmod_tool("modinfo")?.args(["-F", "parmtype"]).arg(file))?;
    let names = libmodfmt::parameters::names(&module.object);
    for name in typed.lines().filter_map(|line| line.split(':').next()) {
        ensure!(names.iter().any(|own| own == name), "{}: no parameter {name} in {names:?}", file.display());
    }
    Ok(())
}
