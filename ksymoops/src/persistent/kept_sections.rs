// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the persistent sections of an owner are: not in its own memory, and so not among its sections.

use libksym::{LoadedModule, Sources};

use super::KnownRegion;

/// Adds the sections that a keeper has for an owner to those of the owner, where both are of one build: then
/// the places in them are those of the owner's file.
pub(crate) fn add_kept_sections(sources: &mut Sources, regions: &[KnownRegion]) {
    let is_kept = |region: &&KnownRegion| !region.discarded && !region.header.build_id.is_empty();
    let kept = || regions.iter().filter(is_kept);
    for region in kept() {
        let owner = &region.header.owner;
        let is_owner = |loaded: &&mut LoadedModule| {
            let build_id = loaded.build_id.as_ref().map(libksym::BuildId::bytes);
            loaded.name.replace('-', "_") == owner.replace('-', "_")
                && build_id == Some(&*region.header.build_id)
        };
        // Without sections it was not loaded.
        let Some(loaded) = sources.loaded.iter_mut().find(is_owner).filter(|it| !it.sections.is_empty())
        else {
            continue;
        };
        for (_, unit, address) in region.units() {
            // Of a section that several keepers have, the newest is in force, which the name does not tell.
            let same = kept().filter(|other| other.header.owner == *owner).flat_map(KnownRegion::units);
            let is_only = same.filter(|(_, other, _)| other.section == unit.section).count() == 1;
            if is_only && !loaded.sections.iter().any(|(name, _)| *name == unit.section) {
                loaded.sections.push((unit.section.clone(), address));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use libmodfmt::persist::{Header, Unit};

    use super::*;

    #[test]
    fn of_the_same_build_and_only_one() {
        let region = |build_id: u8, names: &[&str], base: u64| {
            let mut header = Header::new("foo");
            header.build_id = vec![build_id; 20];
            header.units.extend(names.iter().map(|name| Unit::new(name, 8, 8)));
            let addresses = (0..names.len() as u64).map(|at| Some(base + at * 8)).collect();
            KnownRegion {
                header,
                addresses,
                file: None,
                source: String::new(),
                owner_loaded: None,
                discarded: false,
            }
        };
        let sections = |regions: &[KnownRegion]| {
            let mut sources = Sources::default();
            let mut foo = LoadedModule::new("foo");
            foo.build_id = "07".repeat(20).parse().ok();
            foo.sections.push((".text".into(), 0x1000));
            sources.loaded.push(foo);
            add_kept_sections(&mut sources, regions);
            sources.loaded.remove(0).sections.split_off(1)
        };
        let two = region(7, &[".data..persistent.foo.0", ".data..persistent.foo.1"], 0x2000);
        assert_eq!(sections(std::slice::from_ref(&two)).len(), 2);
        let later = region(7, &[".data..persistent.foo.1"], 0x3000);
        assert_eq!(sections(&[two.clone(), later]), [(".data..persistent.foo.0".to_owned(), 0x2000)]);
        assert_eq!(sections(&[region(8, &[".data..persistent.foo.0"], 0x2000)]), []);
        let gone = KnownRegion { discarded: true, ..two };
        assert_eq!(sections(&[gone]), []);
    }
}
