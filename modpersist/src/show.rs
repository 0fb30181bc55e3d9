// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist show OWNER`

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use libmodfmt::module_name::is_module_name;
use libmodsys::Kernel;
use modcli::escape;
use modkeep::Region;

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
    for section in &region.header.sections {
        let heading = format_args!(
            "{} at {}, {} bytes, alignment {}, layout {:016x}",
            section.role.section_name(),
            address::text(&region, section.role),
            section.size,
            section.align,
            section.layout_hash()
        );
        out.write_all(b"\n")?;
        escape::write_line(out, heading)?;
        let mut table = AlignedTable::new(&[
            ("OFFSET", Align::Right),
            ("SIZE", Align::Right),
            ("VARIABLE", Align::Left),
            ("TYPE", Align::Left),
            ("CONTENT", Align::Left),
        ]);
        let first = region.header.variables().take_while(|(own, _)| own.role != section.role).count();
        for (variable, content) in section.variables.iter().zip(contents.values.iter().skip(first)) {
            table.row(vec![
                format!("{:#x}", variable.offset),
                variable.size.to_string(),
                variable.to_string(),
                variable.type_name.clone().unwrap_or_else(|| "-".to_owned()),
                content.as_ref().map_or_else(|| "-".to_owned(), |(_, text)| text.clone()),
            ]);
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
    let header = &region.header;
    escape::write_line(out, format_args!("owner     {}", header.owner))?;
    escape::write_line(out, format_args!("keeper    {}", region.kept_by))?;
    escape::write_line(out, format_args!("state     {}", owner_state::text(region.owner_state)))?;
    if !region.users.is_empty() {
        escape::write_line(out, format_args!("used by   {}", region.users.join(" ")))?;
    }
    escape::write_line(out, format_args!("size      {} bytes", header.size()))?;
    if !header.build_id.is_empty() {
        escape::write_line(out, format_args!("build id  {}", hex::encode(&header.build_id)))?;
    }
    if !header.named {
        escape::write_line(
            out,
            format_args!("          made from a stripped file, which does not name every variable"),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use libmodfmt::elf::ByteOrder;
    use libmodfmt::persist::{Header, NOTE_SECTION, PersistentSection, SectionHeader, keeper_name};
    use modtest::{FakeKernel, FakeModule};

    use super::find;

    fn kernel(owner: &str) -> FakeKernel {
        let mut header = Header::new(owner);
        header.named = false;
        header.sections.push(SectionHeader::new(PersistentSection::Data, 8, 8));
        let kernel = FakeKernel::new();
        let note = header.to_note(ByteOrder::Little);
        kernel.add(FakeModule::new(&keeper_name(owner)).note(NOTE_SECTION, &note));
        kernel
    }

    #[test]
    fn names_are_tried_as_given_and_as_kbuild_writes_them() {
        let owner = |kernel: &FakeKernel, name| {
            let region = find(kernel, name).expect("the fake answers");
            region.map(|region| region.header.owner)
        };
        for kept in ["my_driver", "my-driver"] {
            assert_eq!(owner(&kernel(kept), "my-driver").as_deref(), Some(kept));
        }
        assert_eq!(owner(&kernel("my-driver"), "my_driver"), None);
        assert_eq!(owner(&kernel("other"), "my-driver"), None);
    }
}
