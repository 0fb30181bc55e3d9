// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a tool of somebody else looks like: it lists the persistent variables of a module file and
//! says whether the file's keeper could be made, with nothing but the public interface of libmodfmt.

use std::error::Error;

use libmodfmt::arch::Arch;
use libmodfmt::compress;
use libmodfmt::module::Module;
use libmodfmt::persist::{VariableDebugInfo, Inventory, Refusals};
use libmodfmt::signature;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: consumer MODULE.ko")?;
    let mut bytes = std::fs::read(&path)?;
    if compress::detect(&bytes).is_some() {
        bytes = compress::decompress(&bytes, 1 << 30)?;
    }
    let (bytes, _) = signature::split(&bytes)?;
    let module = Module::parse(bytes)?;
    let facts = VariableDebugInfo::all(&module.object);
    let inventory = Inventory::of(&module.object, &module.name, module.build_id.as_deref(), &facts)?;
    let Some(inventory) = inventory else {
        println!("{}: no persistent data", module.name);
        return Ok(());
    };
    for (section, variable) in inventory.header.variables() {
        let place = section.role.section_name();
        println!("{} {place} {:#x} {} {variable}", module.name, variable.offset, variable.size);
    }
    let refusals = Refusals::of(&module.object, &inventory, Arch::of(module.object.ident)?)?;
    for reason in refusals.reasons {
        println!("{}: {reason}", module.name);
    }
    Ok(())
}
