// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists the persistent variables of a module, compressed or not, and why they could not be kept:
//! `list-variables MODULE.ko.xz`.

use std::error::Error;

use libmodfmt::file::ModuleFile;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: list-variables MODULE.ko")?;
    let file = ModuleFile::new(std::fs::read(path)?, 1 << 30);
    let name = &file.module()?.name;
    let Some(persistent) = file.persistent()? else {
        println!("{name}: no persistent data");
        return Ok(());
    };
    for (section, variable) in persistent.variables() {
        let section = &section.section;
        println!("{name} {section} {:#x} {} {variable}", variable.offset, variable.size);
    }
    for reason in persistent.refusals()?.reasons {
        println!("{name}: {reason}");
    }
    Ok(())
}
