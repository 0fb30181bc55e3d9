// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses in persistent data, down to the field: with DWARF, with BTF only, and with neither.

use std::path::{Path, PathBuf};
use std::process::Command;

use ksymoops::persistent::{FieldNames, KnownRegion, find_address, regions_of_copies, regions_of_kernel};
use libksym::{FileSearch, Resolver, Sources};
use libmodfmt::elf::{ByteOrder, Object};
use libmodfmt::persist::{Grown, Header, Inventory, KeptPlace, PersistentDebugInfo, Unit, Variable};
use libmodfmt::types::{Member, TagKind, Type, TypeTable};
use liboops::report::Report;
use modtest::{FakeKernel, FakeModule, compile};

const DATA: u64 = 0xffff_ffff_c0a0_0000;
const BSS: u64 = 0xffff_ffff_c0a0_4000;

/// Builds the fixture; returns its file, and the region that its persistent data would be.
fn module(folder: &Path, typed: bool) -> (PathBuf, KnownRegion) {
    let object = folder.join("keep.o");
    let arguments = ["-c", "-g", "-O2", "-fno-pic", "-fno-toplevel-reorder", "-o"];
    let source = compile::source("persistent.c");
    compile::run("gcc", &[&arguments[..], &[object.to_str().unwrap(), source.to_str().unwrap()]].concat());
    let module = folder.join("keep.ko");
    compile::run("ld", &["-r", "--build-id", "-o", module.to_str().unwrap(), object.to_str().unwrap()]);
    let bytes = std::fs::read(&module).unwrap();
    let object = Object::parse(&bytes).unwrap();
    let id = libmodfmt::module::build_id(&object).unwrap();
    let info = if typed { PersistentDebugInfo::read(&object, None) } else { Default::default() };
    let mut header =
        Inventory::of(&object, "keep", Some(id.as_slice()), &info.variables).unwrap().unwrap().header;
    header.types = info.types;
    let region = KnownRegion {
        header,
        addresses: vec![Some(DATA), Some(BSS)],
        file: None,
        source: "a test".to_owned(),
        owner_loaded: Some(false),
        discarded: false,
    };
    (module, region)
}

/// The region as an older header describes it: with the names of types, but not with the types.
fn without_types(mut region: KnownRegion) -> KnownRegion {
    region.header.types = TypeTable::default();
    for variable in region.header.units.iter_mut().flat_map(|unit| &mut unit.variables) {
        variable.type_id = None;
    }
    region
}

/// A report without a list of modules.
fn report() -> Report {
    let log = b"BUG: kernel NULL pointer dereference, address: 0000000000000010\nRIP: 0010:f+0x1/0x2\n";
    liboops::blocks(log).remove(0).reports.remove(0)
}

/// What is said about an address: the field, or the variable and the offset in it.
fn described(region: &KnownRegion, fields: &FieldNames, resolver: &Resolver, address: u64) -> String {
    let regions = std::slice::from_ref(region);
    match find_address(regions, fields, resolver, &report(), address) {
        None => "nothing".to_owned(),
        Some(found) if !found.is_inside() => format!("past the end of {}", found.section),
        Some(found) => found.path.unwrap_or_else(|| {
            let variable = found.variable.unwrap_or_else(|| found.section.to_owned());
            format!("{variable}+{:#x}?", found.variable_offset.unwrap_or(found.offset))
        }),
    }
}

fn offset_of(region: &KnownRegion, name: &str) -> u64 {
    let all = region.header.units.iter().flat_map(|unit| &unit.variables);
    all.clone().find(|variable| variable.name == name).unwrap().offset
}

/// Fields of every shape: nested, anonymous, in arrays of arrays, in the middle of a field, in padding,
/// past the end.
fn check(region: &KnownRegion, fields: &FieldNames, resolver: &Resolver, what: &str) {
    let at = |name: &str, offset: u64| {
        described(region, fields, resolver, DATA + offset_of(region, name) + offset)
    };
    for (name, offset, expected) in [
        ("state", 0, "state.queue.next"),
        ("state", 8, "state.queue.prev"),
        ("state", 11, "state.queue.prev+0x3"),
        ("state", 16 + 4, "state.stats.hits[1]"),
        ("state", 16 + 6, "state.stats.hits[1]+0x2"),
        ("state", 32 + 24 * 4 + 16, "PARTS[4].number"),
        ("state", 32 + 24 * 5 + 21, "PARTS[5].bytes[5]"),
        ("state", 32 + 24 + 3, "PARTS[1]+0x3"),
        ("state", 176, "state+0xb0"),
        ("state", 177, "state.alone+0x1"),
        ("state", 179, "state+0xb3"),
        ("state", 184, "state.handler"),
        ("state", 187, "state.handler+0x3"),
        ("table", 24 + 8, "table[1].value"),
        ("table", 24 + 2, "table[1]+0x2"),
        ("total", 1, "total+0x1"),
    ] {
        // pahole before 1.25 writes an array of arrays within a structure as one array.
        let number = |index: usize| format!("state.parts[{}][{}]", index / 3, index % 3);
        let (mut wide, mut flat) = (expected.to_owned(), expected.to_owned());
        for index in 0..6 {
            wide = wide.replace(&format!("PARTS[{index}]"), &number(index));
            flat = flat.replace(&format!("PARTS[{index}]"), &format!("state.parts[{index}]"));
        }
        let found = at(name, offset);
        assert!(found == wide || found == flat, "{what}: {name}+{offset}: {found}, not {wide}");
    }
    let bss = |offset| described(region, fields, resolver, BSS + offset);
    assert_eq!((bss(24), bss(25)), ("later[3]".to_owned(), "later[3]+0x1".to_owned()), "{what}");
    check_edges(region, fields, resolver);
}

fn check_edges(region: &KnownRegion, fields: &FieldNames, resolver: &Resolver) {
    let size = region.header.section(".data..persistent").unwrap().size;
    assert_eq!(described(region, fields, resolver, DATA + size), "past the end of .data..persistent");
    assert_eq!(described(region, fields, resolver, BSS + 32), "past the end of .bss..persistent");
    for address in [DATA - 1, DATA + size + 1, BSS + 33, 0, u64::MAX] {
        assert_eq!(described(region, fields, resolver, address), "nothing", "{address:#x}");
    }
}

fn without_files() -> Resolver {
    Resolver::new(Sources::new(FileSearch::Named))
}

#[test]
fn by_the_types_of_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let (_, region) = module(folder.path(), true);
    check(&region, &FieldNames::default(), &without_files(), "the header alone");
    // Through the note, as a keeper shows it.
    let note = region.header.to_note(ByteOrder::Little);
    let header = Header::from_note(&note, ByteOrder::Little).unwrap();
    check(&KnownRegion { header, ..region }, &FieldNames::default(), &without_files(), "the note");
}

/// A keeper's copy in `folder`, with these addresses of its units.
fn write_copy(folder: &Path, keeper: &str, header: &Header, addresses: &[u64]) {
    let keeper = folder.join(keeper);
    for directory in ["notes", "sections"] {
        std::fs::create_dir_all(keeper.join(directory)).unwrap();
    }
    std::fs::write(keeper.join("notes/.note.persist"), header.to_note(ByteOrder::Little)).unwrap();
    for (unit, address) in header.units.iter().zip(addresses) {
        std::fs::write(keeper.join("sections").join(&unit.section), format!("{address:#018x}\n")).unwrap();
    }
}

/// `struct stats` with fields of 8 bytes.
fn stats(types: &mut TypeTable, fields: &[&str]) -> libmodfmt::types::TypeId {
    let type_id = types.push(Type::Number { name: "long".to_owned(), size: 8, encoding: 5 });
    let member = |(name, index): (&&str, u64)| Member {
        name: (*name).to_owned(),
        bit_offset: index * 64,
        bits: 0,
        type_id,
        selected_by: Vec::new(),
    };
    let members: Vec<Member> = fields.iter().zip(0..).map(member).collect();
    let size = 8 * members.len() as u64;
    types.push(Type::Record { kind: TagKind::Struct, name: "stats".to_owned(), size, members })
}

#[test]
fn fields_that_a_variable_has_grown_by_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Header::new("keep");
    let mut unit = Unit::new(".data..persistent.keep.0", 16, 64);
    unit.room = 128;
    unit.variables.push(Variable::new("stats", 0, 16, 64));
    unit.variables[0].type_id = Some(stats(&mut first.types, &["loads", "hits"]));
    first.units.push(unit);
    // The next generation has nothing of its own.
    let mut second = Header::new("keep");
    second.generation = 2;
    second.types.push(Type::Void);
    let type_id = Some(stats(&mut second.types, &["loads", "hits", "misses", "errors"]));
    let place = KeptPlace { generation: 1, ordinal: 0, offset: 0 };
    second.grown.push(Grown { place, size: 32, type_name: Some("struct stats".into()), type_id });
    write_copy(folder.path(), "keep__persist", &first, &[DATA]);
    write_copy(folder.path(), "keep__persist_2", &second, &[]);

    let mut warnings = Vec::new();
    let regions = regions_of_copies(&[folder.path().to_owned()], &mut warnings);
    assert!(warnings.is_empty() && regions.len() == 2, "{warnings:?}");
    let region = regions.iter().find(|region| region.header.generation == 1).unwrap();
    for (offset, field) in
        [(0, "stats.loads"), (8, "stats.hits"), (16, "stats.misses"), (27, "stats.errors+0x3")]
    {
        let found = described(region, &FieldNames::default(), &without_files(), DATA + offset);
        assert_eq!(found, field, "{offset}");
    }
}

#[test]
fn by_dwarf() {
    let folder = tempfile::tempdir().unwrap();
    let (module, region) = module(folder.path(), true);
    let region = without_types(region);
    check(&region, &FieldNames::new(vec![module.clone()]), &without_files(), "the file");
    check(&region, &FieldNames::new(vec![folder.path().to_owned()]), &without_files(), "its folder");
    // In a file that the resolver finds.
    let mut sources = Sources::new(FileSearch::Named);
    sources.modules = vec![module.clone()];
    check(&region, &FieldNames::default(), &Resolver::new(sources), "the resolver's file");

    // In a separate debug file, which is found by its build id: the module's name is not in it.
    let debug = tempfile::tempdir().unwrap();
    let place = debug.path().join(libksym::BuildId::new(&region.header.build_id).debug_path());
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    compile::run("objcopy", &["--only-keep-debug", module.to_str().unwrap(), place.to_str().unwrap()]);
    check(&region, &FieldNames::new(vec![debug.path().to_owned()]), &without_files(), "a debug file");
}

#[test]
fn a_file_of_another_build_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let (module, region) = module(folder.path(), true);
    let mut region = without_types(region);
    region.header.build_id = vec![7; 20];
    let fields = FieldNames::new(vec![module]);
    let address = DATA + offset_of(&region, "state") + 8;
    assert_eq!(
        described(&region, &fields, &without_files(), address),
        format!("{}+0x8?", variable(&region, "state"))
    );
    check_edges(&region, &fields, &without_files());
}

fn variable(region: &KnownRegion, name: &str) -> String {
    let all = region.header.units.iter().flat_map(|unit| &unit.variables);
    all.clone().find(|variable| variable.name == name).unwrap().to_string()
}

/// Makes a module with BTF instead of DWARF. `None`, with a note, if there is no pahole.
fn btf_only(module: &Path, base: Option<&Path>, add: &[(&str, &Path)]) -> Option<PathBuf> {
    let blob = module.with_extension("btf");
    let mut pahole = Command::new("pahole");
    pahole.args(base.map(|base| format!("--btf_base={}", base.display())));
    pahole.arg("-J").arg(format!("--btf_encode_detached={}", blob.display())).arg(module);
    match pahole.output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            println!("skipped: pahole: {error}");
            return None;
        }
    }
    let stripped = module.with_file_name("stripped.ko");
    let (from, to) = (module.to_str().unwrap(), stripped.to_str().unwrap());
    compile::run("objcopy", &["--strip-debug", from, to]);
    let sections = [(".BTF", blob.as_path())];
    for (name, file) in sections.iter().chain(add) {
        compile::run("objcopy", &["--add-section", &format!("{name}={}", file.display()), to]);
    }
    Some(stripped)
}

#[test]
fn by_btf_without_files() {
    let folder = tempfile::tempdir().unwrap();
    let (module, region) = module(folder.path(), true);
    let region = without_types(region);
    let Some(stripped) = btf_only(&module, None, &[]) else { return };
    check(&region, &FieldNames::new(vec![stripped]), &without_files(), "BTF");
}

#[test]
fn by_btf_on_that_of_the_kernel() {
    let folder = tempfile::tempdir().unwrap();
    let (module, region) = module(folder.path(), true);
    let region = without_types(region);
    // A kernel with some of the types.
    let kernel = folder.path().join("kernel.o");
    let text = "struct list_head { struct list_head *next, *prev; };\nstruct list_head modules;\n\
                unsigned long jiffies;\n";
    std::fs::write(folder.path().join("kernel.c"), text).unwrap();
    let source = folder.path().join("kernel.c");
    compile::run("gcc", &["-c", "-g", "-o", kernel.to_str().unwrap(), source.to_str().unwrap()]);
    let Some(_) = btf_only(&kernel, None, &[]) else { return };
    let base = folder.path().join("kernel.btf");
    let Some(stripped) = btf_only(&module, Some(&base), &[]) else { return };

    let fields = FieldNames::new(vec![stripped.clone()]);
    let address = DATA + offset_of(&region, "state");
    let unknown = described(&region, &fields, &without_files(), address);
    assert_eq!(unknown, format!("{}+0x0?", variable(&region, "state")), "without the kernel's types");
    let types = std::fs::read(&base).unwrap();
    let fields = FieldNames::new(vec![stripped.clone()]).with_kernel_types(types.clone());
    check(&region, &fields, &without_files(), "a copy of the kernel's types");

    // The kernel's own file.
    let vmlinux = compile::vmlinux(folder.path(), &["-g"]);
    let with = format!(".BTF={}", base.display());
    compile::run("objcopy", &["--add-section", &with, vmlinux.to_str().unwrap()]);
    let mut sources = Sources::new(FileSearch::Named);
    sources.vmlinux = Some(vmlinux);
    check(&region, &FieldNames::new(vec![stripped]), &Resolver::new(sources), "the kernel's file");

    // Newer kernels put the base into the module itself.
    let Some(own) = btf_only(&module, Some(&base), &[(".BTF.base", &base)]) else { return };
    check(&region, &FieldNames::new(vec![own]), &without_files(), ".BTF.base");
}

#[test]
fn btf_is_of_no_use_without_the_name_of_the_type() {
    let folder = tempfile::tempdir().unwrap();
    let (module, region) = module(folder.path(), false);
    let Some(stripped) = btf_only(&module, None, &[]) else { return };
    let fields = FieldNames::new(vec![stripped]);
    let address = DATA + offset_of(&region, "state") + 20;
    assert_eq!(
        described(&region, &fields, &without_files(), address),
        format!("{}+0x14?", variable(&region, "state"))
    );
    check_edges(&region, &fields, &without_files());
}

#[test]
fn damaged_types_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (module, region) = module(folder.path(), true);
    let region = without_types(region);
    let stripped = btf_only(&module, None, &[]);
    let folder = tempfile::tempdir().unwrap();
    for file in [Some(module), stripped].into_iter().flatten() {
        let original = std::fs::read(&file).unwrap();
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..200 {
            let mut bytes = original.clone();
            for _ in 0..1 + round % 20 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let at = usize::try_from(random).unwrap() % bytes.len();
                bytes[at] ^= 1 << (random >> 60 & 7);
            }
            let path = folder.path().join("keep.ko");
            std::fs::write(&path, bytes).unwrap();
            let fields = FieldNames::new(vec![path]);
            for offset in (0..region.header.section(".data..persistent").unwrap().size).step_by(7) {
                let _ = described(&region, &fields, &without_files(), DATA + offset);
            }
        }
    }
}

#[test]
fn regions_of_copies_and_of_a_running_kernel_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (module, region) = module(folder.path(), true);
    let note = region.header.to_note(ByteOrder::Little);
    let keeper = folder.path().join("copies/keep__persist");
    for (path, content) in [
        ("notes/.note.persist", note.clone()),
        ("sections/.data..persistent", format!("{DATA:#018x}\n").into_bytes()),
        ("sections/.bss..persistent", format!("{BSS:#018x}\n").into_bytes()),
    ] {
        std::fs::create_dir_all(keeper.join(path).parent().unwrap()).unwrap();
        std::fs::write(keeper.join(path), content).unwrap();
    }
    let fields = FieldNames::new(vec![module]);
    let mut warnings = Vec::new();
    for place in [keeper.clone(), folder.path().join("copies")] {
        let [copy] = &regions_of_copies(&[place], &mut warnings)[..] else { panic!("not one region") };
        assert_eq!((&copy.source, copy.owner_loaded), (&keeper.display().to_string(), None));
        check(copy, &fields, &without_files(), "a copy");
    }
    // A reader without permission to see addresses gets 0.
    std::fs::write(keeper.join("sections/.data..persistent"), "0x0000000000000000\n").unwrap();
    let [copy] = &regions_of_copies(std::slice::from_ref(&keeper), &mut warnings)[..] else {
        panic!("not one region")
    };
    assert_eq!(copy.addresses, [None, Some(BSS)]);
    assert!(warnings.is_empty(), "{warnings:?}");
    std::fs::write(keeper.join("notes/.note.persist"), &note[..note.len() / 2]).unwrap();
    assert!(regions_of_copies(&[keeper], &mut warnings).is_empty());
    assert!(matches!(&warnings[..], [one] if one.to_string().contains(".note.persist")), "{warnings:?}");

    let kernel = FakeKernel::new();
    let module = FakeModule::new("keep__persist").note(".note.persist", &note);
    kernel.add(module.section(".data..persistent", DATA).section(".bss..persistent", BSS));
    warnings.clear();
    let [live] = &regions_of_kernel(&kernel, &mut warnings)[..] else { panic!("not one region") };
    assert_eq!((&*live.source, live.owner_loaded), ("the running kernel", Some(false)));
    check(live, &fields, &without_files(), "the running kernel");
    assert!(warnings.is_empty(), "{warnings:?}");
}
