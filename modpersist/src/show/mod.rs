// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist show OWNER`

use std::collections::HashSet;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use libmodfmt::module_name::is_module_name;
use libmodfmt::persist::{KeptPlace, LaterChanges};
use libmodsys::{Kernel, SectionAddress};
use modcli::escape;
use modkeep::{Generation, Region};

use crate::aligned_table::{Align, AlignedTable};
use crate::contents::Contents;
use crate::{address, hex, json, owner_state};

pub(crate) fn run(kernel: &dyn Kernel, owner: &str, as_json: bool, out: &mut dyn Write) -> Result<ExitCode> {
    ensure!(is_module_name(owner), "'{owner}' cannot be the name of a module");
    let Some(region) = find(kernel, owner)? else {
        bail!("nothing is kept for {owner} (`modpersist list` shows what is)");
    };
    let contents = Contents::read(kernel, &region);
    if as_json {
        let mut shown = json::Region::of(&region);
        shown.add_contents(contents.values.into_iter(), contents.denied);
        json::print(&shown, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    summary(&region, out)?;
    let unused: HashSet<KeptPlace> =
        region.headers().last().map(|newest| newest.unused.iter().copied().collect()).unwrap_or_default();
    let headers = region.headers();
    let later = LaterChanges::of(&headers);
    let mut values = contents.values.iter();
    for generation in &region.generations {
        out.write_all(b"\n")?;
        heading(generation, out)?;
        let mut table = AlignedTable::new(&[
            ("ADDRESS", Align::Left),
            ("SIZE", Align::Right),
            ("VARIABLE", Align::Left),
            ("TYPE", Align::Left),
            ("CONTENT", Align::Left),
        ]);
        for (ordinal, (unit, base)) in (0..).zip(generation.units()) {
            for variable in &unit.variables {
                let content = values.next().and_then(Option::as_ref);
                let at = match base {
                    SectionAddress::Known(base) => SectionAddress::Known(base.wrapping_add(variable.offset)),
                    other => other,
                };
                let (number, offset) = (generation.header.generation, variable.offset);
                let place = KeptPlace { generation: number, ordinal, offset };
                let now = later.now(place, variable);
                let mark = if later.is_replaced(place) {
                    " (replaced)".to_owned()
                } else if now.size != variable.size {
                    format!(" (grown from {})", variable.size)
                } else if unused.contains(&place) {
                    " (unused)".to_owned()
                } else {
                    String::new()
                };
                table.row(vec![
                    address::text(at),
                    now.size.to_string(),
                    format!("{variable}{mark}"),
                    now.type_name.clone().unwrap_or_else(|| "-".to_owned()),
                    content.map_or_else(|| "-".to_owned(), |(_, text)| text.clone()),
                ]);
            }
        }
        table.print("  ", out)?;
    }
    if let Some(why) = contents.denied {
        out.write_all(b"\n")?;
        escape::write_line(out, format_args!("The contents cannot be read: {why}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A name with `-` is tried as it is and as kbuild would write it, with `_`.
fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Region>> {
    let found = Region::find(kernel, owner)?;
    if found.is_some() || !owner.contains('-') {
        return Ok(found);
    }
    Ok(Region::find(kernel, &owner.replace('-', "_"))?)
}

fn summary(region: &Region, out: &mut dyn Write) -> Result<()> {
    escape::write_line(out, format_args!("owner     {}", region.owner))?;
    escape::write_line(out, format_args!("state     {}", owner_state::text(region.owner_state)))?;
    if !region.users.is_empty() {
        escape::write_line(out, format_args!("used by   {}", region.users.join(" ")))?;
    }
    escape::write_line(out, format_args!("size      {} bytes", region.size()))?;
    if let Some(pending) = &region.pending {
        escape::write_line(out, format_args!("pending   {pending}: a load has begun and not ended"))?;
    }
    for generation in &region.stale {
        let keeper = &generation.kept_by;
        escape::write_line(
            out,
            format_args!("          {keeper} is no longer in force; the next load drops it"),
        )?;
    }
    Ok(())
}

/// One line or more about a generation: what keeps it, and where it is from.
fn heading(generation: &Generation, out: &mut dyn Write) -> Result<()> {
    let header = &generation.header;
    let (keeper, size, units) = (&generation.kept_by, header.size(), header.units.len());
    escape::write_line(
        out,
        format_args!("generation {}, {keeper}: {size} bytes in {units} sections", header.generation),
    )?;
    if !header.build_id.is_empty() {
        escape::write_line(out, format_args!("build id {}", hex::encode(&header.build_id)))?;
    }
    if !header.named {
        escape::write_line(out, "made from a stripped file, which does not name every variable")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use libmodfmt::elf::ByteOrder;
    use libmodfmt::persist::{Header, NOTE_SECTION, Unit, keeper_name};
    use modtest::{FakeKernel, FakeModule};

    use super::find;

    fn kernel(owner: &str) -> FakeKernel {
        let mut header = Header::new(owner);
        header.named = false;
        header.units.push(Unit::new(".data..persistent", 8, 8));
        let kernel = FakeKernel::new();
        let note = header.to_note(ByteOrder::Little);
        kernel.add(FakeModule::new(&keeper_name(owner)).note(NOTE_SECTION, &note));
        kernel
    }

    #[test]
    fn names_are_tried_as_given_and_as_kbuild_writes_them() {
        let owner = |kernel: &FakeKernel, name| {
            let region = find(kernel, name).expect("the fake answers");
            region.map(|region| region.owner)
        };
        for kept in ["my_driver", "my-driver"] {
            assert_eq!(owner(&kernel(kept), "my-driver").as_deref(), Some(kept));
        }
        assert_eq!(owner(&kernel("my-driver"), "my_driver"), None);
        assert_eq!(owner(&kernel("other"), "my-driver"), None);
    }
}
