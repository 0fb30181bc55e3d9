// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept data that points into a module that was removed, in words: `meter.c:ops.run -> work [gone]`.
//!
//! Only what the kernel or the next init overwrites is harmless. A list that still has a static node of the
//! removed module, or a timer that is still pending, brings the kernel down later.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use libmodfmt::pointers::{AddressRanges, Holder};
use libmodfmt::proc;
use libmodsys::Kernel;
use modkeep::{KeepError, MAX_FOUND, PointerInto, PointersInto, pointers_into};

use crate::owner_sections::OwnerSections;
use crate::paths::Paths;

/// A symbol that is farther away says nothing about who has the memory now, in bytes.
const MAX_SYMBOL_DISTANCE: u64 = 4096;

/// Pointers into one module, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pointers {
    /// One line for each.
    pub lines: Vec<String>,
    /// How many certainly lead to what is gone. Others may have been set since, where another module has the
    /// memory now.
    pub certain: usize,
    /// What was not searched, and why.
    pub not_searched: Vec<String>,
}

impl Pointers {
    /// A line that says that something was not searched; `None` if everything was.
    #[must_use]
    pub fn unknown(&self, owner: &str) -> Option<String> {
        let why = self.not_searched.join("; ");
        (!why.is_empty()).then(|| format!("cannot tell whether more kept data points into {owner}: {why}"))
    }
}

/// Most lines that a command prints.
const MAX_LISTED: usize = 8;

/// The first lines, and how many more there are.
pub fn listed(lines: &[String]) -> impl Iterator<Item = String> {
    let more = lines.len().saturating_sub(MAX_LISTED);
    let rest = (more > 0).then(|| format!("and {more} more"));
    lines.iter().take(MAX_LISTED).cloned().chain(rest)
}

/// What is needed to find the pointers into a module after it is gone. It is made while the module is loaded.
#[derive(Debug)]
pub struct Departure {
    owner: String,
    sections: OwnerSections,
    /// Some were nodes on kept lists, or kept timers that were pending.
    has_linked: bool,
}

impl Departure {
    /// `None` if nothing is recorded of this load.
    ///
    /// What kept data points to now is named, as the kernel knows no symbol of a module that is gone.
    #[must_use]
    pub fn begin(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Option<Self> {
        let mut sections = OwnerSections::read(kernel, owner, paths)?;
        if !sections.is_loaded(kernel, owner) {
            return None;
        }
        // An error is the same after the removal, and is said then.
        let ranges = sections.ranges();
        let pointers = pointers_into(kernel, &ranges, &ranges).unwrap_or_default();
        add_names(&mut sections, kernel, owner, &pointers.found);
        let has_linked = pointers.found.iter().any(PointerInto::is_linked);
        Some(Self { owner: owner.to_owned(), sections, has_linked })
    }

    /// Right after the removal: which nodes are on kept lists, and which timers are pending. They bring the
    /// kernel down when they are followed. If there were none before, nothing is searched: exit functions
    /// clear.
    #[must_use]
    pub fn still_linked(&self, kernel: &dyn Kernel) -> Vec<String> {
        if !self.has_linked {
            return Vec::new();
        }
        // What cannot be searched is said when the module is back.
        let live = AddressRanges::default();
        let pointers = pointers_into(kernel, &self.sections.ranges(), &live).unwrap_or_default();
        let linked = pointers.found.iter().filter(|pointer| pointer.is_linked());
        linked.map(|pointer| format!("{} [gone]", arrow(pointer, &self.sections, &self.owner))).collect()
    }

    /// After the removal: what is left.
    ///
    /// # Errors
    /// The kernel does not tell which modules are loaded.
    pub fn end(self, kernel: &dyn Kernel, paths: &Paths) -> Result<Pointers, KeepError> {
        // Without the file the next load says nothing; that is no reason to say nothing now.
        let _ = self.sections.write(&self.owner, paths);
        let result = pointers_into(kernel, &self.sections.ranges(), &AddressRanges::default())?;
        Ok(in_words(result, &self.sections, &Symbols::default(), &self.owner))
    }

    /// After the module, or another version of it, was loaded again: what is left. What is at such a place
    /// now may be what the pointer is meant for.
    ///
    /// # Errors
    /// The kernel does not tell which modules are loaded.
    pub fn end_after_reload(self, kernel: &dyn Kernel, paths: &Paths) -> Result<Pointers, KeepError> {
        let loaded = OwnerSections::read(kernel, &self.owner, paths);
        let loaded = loaded.filter(|sections| sections.is_loaded(kernel, &self.owner));
        let live = loaded.map(|sections| sections.ranges()).unwrap_or_default();
        let mut result = pointers_into(kernel, &self.sections.ranges(), &live)?;
        if result.found.is_empty() {
            return Ok(in_words(result, &self.sections, &Symbols::default(), &self.owner));
        }
        let own = Symbols::read(kernel, Some(&self.owner));
        result.found.retain(|pointer| {
            let Some((_, offset)) = live.find(pointer.address) else {
                return true;
            };
            let now = own.name_from(pointer.address.saturating_sub(offset), pointer.address);
            // If nothing pointed there before, the new version has set it.
            self.sections.name(pointer.address).is_some_and(|before| now.as_deref() != Some(before))
        });
        let symbols = if result.found.is_empty() { Symbols::default() } else { Symbols::read(kernel, None) };
        Ok(in_words(result, &self.sections, &symbols, &self.owner))
    }
}

/// Kept data that points into a module as it was loaded last, where `is_wanted`; nothing if that is how it is
/// loaded now, or if nothing is recorded of it.
///
/// # Errors
/// The kernel does not tell which modules are loaded.
pub fn into_removed(
    kernel: &dyn Kernel,
    owner: &str,
    paths: &Paths,
    is_wanted: &dyn Fn(&PointerInto) -> bool,
) -> Result<Pointers, KeepError> {
    let Some(sections) = removed(kernel, owner, paths) else { return Ok(Pointers::default()) };
    into_sections(kernel, owner, &sections, is_wanted)
}

/// What [`into_removed`] finds for each of these modules. The kept data is searched once for all of them, and
/// again only for those that something points into.
///
/// # Errors
/// The kernel does not tell which modules are loaded.
pub fn into_each_removed(
    kernel: &dyn Kernel,
    owners: &[&str],
    paths: &Paths,
) -> Result<Vec<Pointers>, KeepError> {
    let all: Vec<Option<OwnerSections>> = owners.iter().map(|owner| removed(kernel, owner, paths)).collect();
    let ranges: Vec<AddressRanges> = all.iter().flatten().map(OwnerSections::ranges).collect();
    let together = AddressRanges::together(&ranges);
    let PointersInto { found, not_searched, .. } =
        pointers_into(kernel, &together, &AddressRanges::default())?;
    // Of very many, not all are there; and a list was followed to the first node that is gone, whoever's it was.
    let is_cut_short = found.len() >= MAX_FOUND || found.iter().any(PointerInto::is_linked);
    let is_hit = |sections: &OwnerSections| {
        let ranges = sections.ranges();
        is_cut_short || found.iter().any(|pointer| ranges.find(pointer.address).is_some())
    };
    let each = owners.iter().zip(&all).map(|(owner, sections)| match sections {
        None => Ok(Pointers::default()),
        Some(sections) if is_hit(sections) => into_sections(kernel, owner, sections, &|_| true),
        Some(_) => Ok(Pointers { not_searched: not_searched.clone(), ..Pointers::default() }),
    });
    each.collect()
}

/// Where a module was before it was removed; `None` if it is loaded, or if nothing is recorded of it.
fn removed(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Option<OwnerSections> {
    OwnerSections::read(kernel, owner, paths).filter(|sections| !sections.is_loaded(kernel, owner))
}

fn into_sections(
    kernel: &dyn Kernel,
    owner: &str,
    sections: &OwnerSections,
    is_wanted: &dyn Fn(&PointerInto) -> bool,
) -> Result<Pointers, KeepError> {
    let mut result = pointers_into(kernel, &sections.ranges(), &AddressRanges::default())?;
    result.found.retain(is_wanted);
    let symbols = if result.found.is_empty() { Symbols::default() } else { Symbols::read(kernel, None) };
    Ok(in_words(result, sections, &symbols, owner))
}

/// Kept data that points into a module as it is loaded now: what its exit function has to clear. `None` if
/// this load is not recorded.
///
/// # Errors
/// The kernel does not tell which modules are loaded.
pub fn into_loaded(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Result<Option<Pointers>, KeepError> {
    let Some(mut sections) = OwnerSections::read(kernel, owner, paths) else { return Ok(None) };
    if !sections.is_loaded(kernel, owner) {
        return Ok(None);
    }
    let ranges = sections.ranges();
    let PointersInto { found, not_searched, .. } = pointers_into(kernel, &ranges, &ranges)?;
    add_names(&mut sections, kernel, owner, &found);
    let lines = found.iter().map(|pointer| arrow(pointer, &sections, owner)).collect();
    Ok(Some(Pointers { lines, certain: found.len(), not_searched }))
}

/// One line for each pointer. `symbols` are those of the modules that may use the memory again.
fn in_words(result: PointersInto, sections: &OwnerSections, symbols: &Symbols, owner: &str) -> Pointers {
    let mut pointers = Pointers { not_searched: result.not_searched, ..Pointers::default() };
    for pointer in &result.found {
        let arrow = arrow(pointer, sections, owner);
        pointers.lines.push(match symbols.module_at(pointer.address) {
            Some(user) => format!("{arrow} [stale, or set since: {user} is loaded there now]"),
            None => {
                pointers.certain = pointers.certain.saturating_add(1);
                format!("{arrow} [gone]")
            }
        });
    }
    pointers
}

/// `meter.c:ops.run -> work`; the owner is named if it is another one.
fn arrow(pointer: &PointerInto, sections: &OwnerSections, owner: &str) -> String {
    let target = match (sections.name(pointer.address), pointer.offset) {
        (Some(name), _) => name.to_owned(),
        (None, 0) => pointer.section.clone(),
        (None, offset) => format!("{}+{offset:#x}", pointer.section),
    };
    let of = if pointer.owner == owner { String::new() } else { format!("{} ", pointer.owner) };
    let leads = if pointer.is_guess { "may point to" } else { "->" };
    let called = pointer.holder.and_then(Holder::called);
    let called = called.map_or_else(String::new, |what| format!(" ({what})"));
    format!("{of}{} {leads} {target}{called}", pointer.path)
}

/// Names what the pointers lead to: the module's symbol there, or before it in the same section.
fn add_names(sections: &mut OwnerSections, kernel: &dyn Kernel, owner: &str, pointers: &[PointerInto]) {
    if pointers.is_empty() {
        return;
    }
    let symbols = Symbols::read(kernel, Some(owner));
    for pointer in pointers {
        let Some(start) = pointer.address.checked_sub(pointer.offset) else { continue };
        if let Some(name) = symbols.name_from(start, pointer.address) {
            sections.add_name(pointer.address, name);
        }
    }
}

/// Symbols of modules by address, with the module.
#[derive(Default)]
struct Symbols(BTreeMap<u64, (String, String)>);

impl Symbols {
    /// Those of one module, or of all. An error means fewer of them.
    fn read(kernel: &dyn Kernel, only: Option<&str>) -> Self {
        let mut symbols = Self::default();
        let _ = kernel.kallsyms_lines(&mut |line| {
            if let Some(Ok(symbol)) = proc::kallsyms(line).next()
                && let Some(module) = symbol.module
                && only.is_none_or(|only| only.as_bytes() == module)
                && symbol.is_of_source()
            {
                let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
                symbols.0.entry(symbol.address).or_insert_with(|| (text(symbol.name), text(module)));
            }
            ControlFlow::Continue(())
        });
        symbols
    }

    /// What is at an address: `work`, `table+0x8`, by the last symbol that is not before `start`.
    fn name_from(&self, start: u64, address: u64) -> Option<String> {
        let (symbol, (name, _)) = self.0.range(start..=address).next_back()?;
        let distance = address.saturating_sub(*symbol);
        Some(if distance == 0 { name.clone() } else { format!("{name}+{distance:#x}") })
    }

    /// The module that has a symbol at an address, or shortly before it.
    fn module_at(&self, address: u64) -> Option<&str> {
        let (start, (_, module)) = self.0.range(..=address).next_back()?;
        (address.saturating_sub(*start) < MAX_SYMBOL_DISTANCE).then_some(module)
    }
}

#[cfg(test)]
mod tests {
    use libmodfmt::elf::ByteOrder;
    use libmodfmt::persist::{Header, NOTE_SECTION, Unit, Variable, keeper_name};
    use libmodfmt::types::{Member, TagKind, Type, TypeId};
    use modtest::module::Make;
    use modtest::{FakeKernel, FakeModule, Op, module};

    use super::*;

    const UNIT: &str = ".data..persistent.foo.1";
    const KEPT: u64 = 0xffff_c100_0000;
    const TEXT: u64 = 0xffff_c000_0000;

    struct Setup {
        kernel: FakeKernel,
        paths: Paths,
        _folder: tempfile::TempDir,
    }

    fn foo() -> FakeModule {
        FakeModule::new("foo").section(".text", TEXT).section(".data", TEXT + 0x1000)
    }

    /// foo is loaded, and keeps three pointers with these values.
    fn setup(values: [u64; 3]) -> Setup {
        let mut header = Header::new("foo");
        let void = header.types.push(Type::Void);
        assert_eq!(void, TypeId(0));
        let pointer = header.types.push(Type::Pointer { size: 8, target: void });
        let mut unit = Unit::new(UNIT, 24, 8);
        for (name, offset) in [("first", 0), ("second", 8), ("third", 16)] {
            let mut variable = Variable::new(name, offset, 8, 8);
            (variable.file, variable.type_id) = (Some("foo.c".into()), Some(pointer));
            unit.variables.push(variable);
        }
        header.units.push(unit);
        setup_of(&header, &values)
    }

    /// foo is loaded, and keeps these words.
    fn setup_of(header: &Header, values: &[u64]) -> Setup {
        let kernel = FakeKernel::new();
        let note = header.to_note(ByteOrder::NATIVE);
        kernel.add(FakeModule::new(&keeper_name("foo")).note(NOTE_SECTION, &note).section(UNIT, KEPT));
        kernel.add(foo());
        kernel.set(|settings| {
            settings.boot = Some(Default::default());
            settings.memory.insert(KEPT, values.iter().flat_map(|value| value.to_ne_bytes()).collect());
            settings.kallsyms = b"ffffc0000000 t $x [foo]\nffffc0000000 t __pfx_work [foo]\n\
                ffffc0000010 t work [foo]\nffffc0001000 d table [foo]\n"
                .to_vec();
        });
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths { owner_sections: folder.path().join("sections"), ..Paths::default() };
        let file = Make::typical("foo").build();
        let sections = OwnerSections::of_loaded(&kernel, &module::parse(&file)).unwrap();
        sections.write("foo", &paths).unwrap();
        Setup { kernel, paths, _folder: folder }
    }

    fn removed(setup: &Setup) -> Pointers {
        into_removed(&setup.kernel, "foo", &setup.paths, &|_| true).unwrap()
    }

    #[test]
    fn pointers_are_named_before_and_after_the_removal() {
        // The third leads to kept data.
        let setup = setup([TEXT + 0x10, TEXT + 0x1008, KEPT + 8]);
        let loaded = into_loaded(&setup.kernel, "foo", &setup.paths).unwrap().unwrap();
        assert_eq!(loaded.lines, ["foo.c:first -> work", "foo.c:second -> table+0x8"]);
        assert_eq!(removed(&setup), Pointers::default(), "it is loaded");
        let departure = Departure::begin(&setup.kernel, "foo", &setup.paths).unwrap();
        setup.kernel.take("foo");
        setup.kernel.set(|settings| settings.kallsyms.clear());
        let left = departure.end(&setup.kernel, &setup.paths).unwrap();
        assert_eq!(left.lines, ["foo.c:first -> work [gone]", "foo.c:second -> table+0x8 [gone]"]);
        assert_eq!((left.certain, left.unknown("foo")), (2, None));
        assert_eq!(removed(&setup), left, "the next load says the same");
        let only = into_removed(&setup.kernel, "foo", &setup.paths, &|one| one.variable == "foo.c:first");
        assert_eq!(only.unwrap().lines, ["foo.c:first -> work [gone]"]);
        // Loaded again by another program.
        setup.kernel.add(foo());
        assert!(Departure::begin(&setup.kernel, "foo", &setup.paths).is_none());
        assert_eq!(into_loaded(&setup.kernel, "foo", &setup.paths).unwrap(), None);
    }

    #[test]
    fn several_modules_are_searched_for_at_once() {
        let setup = setup([TEXT + 0x10, 0, 0]);
        let bar = FakeModule::new("bar").section(".text", TEXT + 0x8000).section(".data", TEXT + 0x9000);
        setup.kernel.add(bar);
        let file = Make::typical("bar").build();
        let sections = OwnerSections::of_loaded(&setup.kernel, &module::parse(&file)).unwrap();
        sections.write("bar", &setup.paths).unwrap();
        let each = |owners: &[&str]| into_each_removed(&setup.kernel, owners, &setup.paths).unwrap();
        assert_eq!(each(&["bar", "foo"]), [Pointers::default(), Pointers::default()], "both are loaded");
        setup.kernel.take("foo");
        setup.kernel.take("bar");
        setup.kernel.set(|settings| settings.kallsyms.clear());
        let found = each(&["bar", "other", "foo"]);
        assert_eq!(found[..2], [Pointers::default(), Pointers::default()]);
        assert_eq!((&found[2], found[2].certain), (&removed(&setup), 1));
        // What could not be searched is said of each.
        setup.kernel.set(|settings| settings.memory.clear());
        let found = each(&["bar", "foo"]);
        assert!(found.iter().all(|pointers| pointers.not_searched.len() == 3), "{found:?}");
    }

    /// A list of three: only the second node is the module's own.
    #[test]
    fn a_static_node_in_the_middle_of_a_list() {
        let (heap, last, node) = (0xffff_8000_0000_u64, 0xffff_8000_0100_u64, TEXT + 0x1008);
        let mut header = Header::new("foo");
        let void = header.types.push(Type::Void);
        let pointer = header.types.push(Type::Pointer { size: 8, target: void });
        let member = |name: &str, bit_offset| Member {
            name: name.into(),
            bit_offset,
            bits: 0,
            type_id: pointer,
            selected_by: Vec::new(),
        };
        let members = vec![member("next", 0), member("prev", 64)];
        let (kind, name) = (TagKind::Struct, "list_head".to_owned());
        let list = header.types.push(Type::Record { kind, name, size: 16, members });
        let mut unit = Unit::new(UNIT, 16, 8);
        let mut variable = Variable::new("rooms", 0, 16, 8);
        (variable.file, variable.type_id) = (Some("foo.c".into()), Some(list));
        unit.variables.push(variable);
        header.units.push(unit);
        let setup = setup_of(&header, &[heap, last]);
        setup.kernel.set(|settings| {
            let words = |words: [u64; 2]| words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            settings.memory.insert(heap, words([node, KEPT]));
            settings.memory.insert(node, words([last, heap]));
            settings.memory.insert(last, words([KEPT, node]));
        });
        let loaded = into_loaded(&setup.kernel, "foo", &setup.paths).unwrap().unwrap();
        assert_eq!(loaded.lines, ["foo.c:rooms[1] -> table+0x8"]);
        let departure = Departure::begin(&setup.kernel, "foo", &setup.paths).unwrap();
        setup.kernel.take("foo");
        assert_eq!(departure.still_linked(&setup.kernel), ["foo.c:rooms[1] -> table+0x8 [gone]"]);
        // Had exit taken it off the list:
        setup.kernel.set(|settings| {
            let words = [last, KEPT].iter().flat_map(|word| word.to_ne_bytes()).collect();
            let before = settings.memory.insert(heap, words).unwrap();
            drop(settings.memory.insert(heap + 0x1000, before));
        });
        assert!(departure.still_linked(&setup.kernel).is_empty());
        setup.kernel.set(|settings| {
            let before = settings.memory.remove(&(heap + 0x1000)).unwrap();
            settings.memory.insert(heap, before);
        });
        setup.kernel.set(|settings| settings.kallsyms.clear());
        assert_eq!(removed(&setup).lines, ["foo.c:rooms[1] -> .data+0x8 [gone]"]);
        // Behind it is a node of another module that is gone: a search for both ends at the first one.
        let third = 0xffff_8000_4000_u64;
        setup.kernel.add(FakeModule::new("bar").section(".text", TEXT + 0x8000).section(".data", third));
        let file = Make::typical("bar").build();
        let sections = OwnerSections::of_loaded(&setup.kernel, &module::parse(&file)).unwrap();
        sections.write("bar", &setup.paths).unwrap();
        setup.kernel.take("bar");
        setup.kernel.set(|settings| {
            let words = |words: [u64; 2]| words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            settings.memory.insert(node, words([third, heap]));
            settings.memory.insert(third, words([last, node]));
        });
        let found = into_each_removed(&setup.kernel, &["foo", "bar"], &setup.paths).unwrap();
        assert_eq!(found[0].lines, ["foo.c:rooms[1] -> .data+0x8 [gone]"]);
        assert_eq!(found[1].lines, ["foo foo.c:rooms[2] -> .data [gone]"]);
        // What another module has there now is not followed.
        setup.kernel.set(|settings| {
            let words = [node + 0x10, heap].iter().flat_map(|word| word.to_ne_bytes()).collect();
            settings.memory.insert(node, words);
        });
        assert_eq!(removed(&setup).lines, ["foo.c:rooms[1] -> .data+0x8 [gone]"]);
        // Its memory may be unmapped.
        setup.kernel.set(|settings| drop(settings.memory.remove(&node)));
        assert_eq!(removed(&setup).lines, ["foo.c:rooms[1] -> .data+0x8 [gone]"]);
    }

    #[test]
    fn after_a_reload_what_has_the_same_name_may_stay() {
        let setup = setup([TEXT + 0x10, TEXT + 0x1008, 0]);
        let load_again = |text: u64, data: u64, symbols: &str| {
            let departure = Departure::begin(&setup.kernel, "foo", &setup.paths).unwrap();
            setup.kernel.take("foo");
            setup.kernel.add(FakeModule::new("foo").section(".text", text).section(".data", data));
            let before = setup.kernel.kallsyms().unwrap();
            setup.kernel.set(|settings| settings.kallsyms = symbols.as_bytes().to_vec());
            let file = Make::typical("foo").build();
            let sections = OwnerSections::of_loaded(&setup.kernel, &module::parse(&file)).unwrap();
            sections.write("foo", &setup.paths).unwrap();
            let left = departure.end_after_reload(&setup.kernel, &setup.paths).unwrap();
            setup.kernel.set(|settings| settings.kallsyms = before);
            left
        };
        let same = "ffffc0000010 t work [foo]\nffffc0001000 d table [foo]\n";
        assert_eq!(load_again(TEXT, TEXT + 0x1000, same), Pointers::default());
        // Another version at the same place.
        let left = load_again(TEXT, TEXT + 0x1000, "ffffc0000010 t work [foo]\nffffc0001000 d other [foo]\n");
        let stale = "foo.c:second -> table+0x8 [stale, or set since: foo is loaded there now]";
        assert_eq!((left.lines, left.certain), (vec![stale.to_owned()], 0));
        // At another place.
        let left = load_again(TEXT + 0x10_0000, TEXT + 0x11_0000, "");
        assert_eq!(left.lines, ["foo.c:first -> work [gone]", "foo.c:second -> table+0x8 [gone]"]);
        assert_eq!(left.certain, 2);
    }

    #[test]
    fn memory_that_another_module_has_now() {
        let setup = setup([TEXT + 0x10, TEXT + 0x1008, 0]);
        setup.kernel.take("foo");
        setup.kernel.set(|settings| settings.kallsyms = b"ffffc0001000 t other [bar]\n".to_vec());
        let left = removed(&setup);
        let stale = "foo.c:second -> .data+0x8 [stale, or set since: bar is loaded there now]";
        assert_eq!(
            (left.lines, left.certain),
            (vec!["foo.c:first -> .text+0x10 [gone]".to_owned(), stale.to_owned()], 1)
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let setup = setup([0, 0, 0]);
        setup.kernel.take("foo");
        setup.kernel.fail_always(Op::Memory, libmodsys::Errno::EPERM);
        let left = removed(&setup);
        assert!(left.lines.is_empty());
        let unknown = left.unknown("foo").unwrap();
        assert!(
            unknown.starts_with("cannot tell whether more kept data points into foo: foo: "),
            "{unknown}"
        );
    }

    #[test]
    fn long_lists_are_cut() {
        let lines: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(listed(&lines).last().unwrap(), "and 2 more");
        assert_eq!(listed(&lines[..8]).count(), 8);
    }
}
