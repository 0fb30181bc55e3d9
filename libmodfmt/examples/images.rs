// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes the two images that keep the persistent data of a module, for a kernel release:
//! `images MODULE.ko 6.1.0 FOLDER` writes `NAME__persist.ko` and `NAME.ko`.

use std::error::Error;
use std::path::Path;

use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;
use libmodfmt::persist::keeper_name;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(path), Some(release), Some(folder)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: images MODULE.ko RELEASE FOLDER".into());
    };
    run(Path::new(&path), &release, Path::new(&folder))
}

/// Writes the images of the module at `path` to `folder`.
pub fn run(path: &Path, release: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let file = ModuleFile::new(std::fs::read(path)?, 512 << 20);
    let persistent = file.persistent()?.ok_or("no persistent data")?;
    if let Some(reason) = persistent.refusals()?.reasons.first() {
        return Err(reason.to_string().into());
    }
    let module = persistent.module();
    let release = Release::parse(release).ok_or("not a kernel release")?;
    let layout = ExportLayout::for_release(module.object.ident.machine, release);
    let keeper = folder.join(format!("{}.ko", keeper_name(&module.name)));
    let bindings = Bindings::first(persistent.header());
    std::fs::write(keeper, persistent.keeper(&layout, &bindings)?)?;
    std::fs::write(folder.join(format!("{}.ko", module.name)), persistent.owner(&bindings)?)?;
    Ok(())
}
