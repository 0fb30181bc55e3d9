// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist save` and `restore`, with a fake kernel.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use libmodfmt::elf::{ByteOrder, Object};
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Header, NOTE_SECTION, Unit, Variable, VariableDebugInfo, embed_types, keeper_name};
use libmodfmt::types::{Member, TagKind, Type, TypeId, TypeTable, size_of};
use libmodfmt::values::{Limits, Located, Reading, ValueKind, read};
use libmodsys::{Errno, Kernel, PersistSupport, RemoveFlags};
use modkeep::{KeeperLoad, Plan, Request, discard, plan};
use modpersist::{Args, Command, RestoreArgs};
use modrecord::saved_values::SavedFile;
use modtest::module::{DATA, Make, R_64, R_PC32};
use modtest::{Call, FakeKernel, FakeModule, Op};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::kernel;

const BASE: u64 = 0xffff_ffff_c080_0000;

fn member(name: &str, bit_offset: u64, bits: u64, type_id: TypeId) -> Member {
    Member { name: name.to_owned(), bit_offset, bits, type_id, selected_by: Vec::new() }
}

fn command(kernel: &FakeKernel, command: Command) -> (bool, String) {
    let mut out = Vec::new();
    match modpersist::run(&Args { command }, kernel, &mut out) {
        Ok(code) => {
            let success = format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS);
            (success, String::from_utf8(out).unwrap())
        }
        Err(error) => (false, format!("{error:#}")),
    }
}

fn save(kernel: &FakeKernel, owner: &str, file: &Path) -> (bool, String) {
    command(kernel, Command::Save { owner: owner.to_owned(), file: file.to_owned() })
}

/// A structure of numbers, bit-fields, enumerators, arrays and unions, by the bytes of a recipe.
struct Recipe {
    types: TypeTable,
    rest: Vec<u8>,
}

impl Recipe {
    fn next(&mut self) -> u8 {
        self.rest.pop().unwrap_or_default()
    }

    fn ty(&mut self, depth: u32) -> TypeId {
        let choice = self.next() % if depth == 0 { 4 } else { 7 };
        let ty = match choice {
            0 | 1 => {
                let size = [1, 2, 4, 8, 16][usize::from(self.next() % 5)];
                Type::Number { name: "n".into(), size, encoding: 5 + 2 * (self.next() % 2) }
            }
            2 => {
                let (name, encoding) = [("char", 6), ("_Bool", 2)][usize::from(self.next() % 2)];
                Type::Number { name: name.into(), size: 1, encoding }
            }
            3 => Type::Enumeration {
                name: "mode".into(),
                size: 4,
                values: vec![("A".into(), 0), ("B".into(), 1), ("C".into(), 4)],
            },
            4 => {
                let element = self.ty(depth - 1);
                let counts = (0..=self.next() % 2).map(|_| Some(u64::from(self.next() % 5))).collect();
                Type::Array { element, counts }
            }
            kind => {
                let is_union = kind == 6;
                let (mut members, mut bits) = (Vec::new(), 0);
                let mut size = 0;
                for index in 0..=self.next() % 4 {
                    let name = if index == 3 { String::new() } else { format!("f{index}") };
                    let type_id = self.ty(depth - 1);
                    let own = size_of(&self.types, type_id).unwrap_or(0);
                    let is_record = matches!(&*self.types.types()[type_id.0 as usize], Type::Record { .. });
                    let name = if is_record { name } else { format!("f{index}") };
                    let is_int = matches!(
                        &*self.types.types()[type_id.0 as usize],
                        Type::Number { size: 1..=8, encoding: 5 | 7, .. }
                    );
                    let at = if is_union { 0 } else { bits };
                    if is_int && self.next().is_multiple_of(3) {
                        let wide = 1 + u64::from(self.next()) % (own * 8);
                        members.push(member(&name, at, wide, type_id));
                        bits = at + wide;
                    } else {
                        let at = at.div_ceil(8) * 8;
                        members.push(member(&name, at, 0, type_id));
                        bits = at + own * 8;
                    }
                    size = size.max(bits.div_ceil(8));
                }
                let kind = if is_union { TagKind::Union } else { TagKind::Struct };
                Type::Record { kind, name: "r".into(), size, members }
            }
        };
        self.types.push(ty)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is read from memory comes back as the same bytes, apart from padding.
    #[test]
    fn values_come_back(
        recipe in prop::collection::vec(any::<u8>(), 0..60),
        random in prop::collection::vec(any::<u8>(), 4096),
    ) {
        let mut recipe = Recipe { types: TypeTable::default(), rest: recipe };
        let id = recipe.ty(3);
        let types = recipe.types;
        let size = size_of(&types, id).unwrap();
        prop_assume!(size > 0 && size <= 4096);
        let memory = random[..usize::try_from(size).unwrap()].to_vec();
        let kernel = kept(&types, id, &memory);
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("saved");
        let (success, text) = save(&kernel, "values", &file);
        prop_assert!(success, "{}", text);
        let saved = SavedFile::read(&file).unwrap().prepare(ByteOrder::NATIVE, &[]).unwrap();
        let (address, bytes) = &saved.values.contents[0];
        prop_assert_eq!(*address, BASE);
        let value = |bytes: &[u8]| {
            let reading = Reading::new(bytes, ByteOrder::NATIVE);
            let mut found = Vec::new();
            leaves(&read(&types, Located::whole(id), &reading, Limits::default()).kind, &mut found);
            found
        };
        prop_assert_eq!(value(bytes), value(&memory));
    }
}

/// The values in a value. Which neighbours in an array are put together depends on padding, which does not come
/// back.
fn leaves(kind: &ValueKind, found: &mut Vec<String>) {
    match kind {
        ValueKind::Record { fields, .. } => {
            fields.iter().for_each(|field| leaves(&field.value.kind, found));
        }
        ValueKind::Array { runs, .. } => {
            for run in runs {
                (0..run.count).for_each(|_| leaves(&run.value.kind, found));
            }
        }
        other => found.push(format!("{other:?}")),
    }
}

/// A kernel that keeps one variable.
fn kept(types: &TypeTable, id: TypeId, memory: &[u8]) -> FakeKernel {
    let mut header = Header::new("values");
    let mut unit = Unit::new(".data..persistent.values.0", memory.len() as u64, 8);
    let mut variable = Variable::new("v", 0, memory.len() as u64, 8);
    (variable.file, variable.type_id) = (Some("values.c".into()), Some(id));
    variable.type_name = Some("struct r".into());
    unit.variables.push(variable);
    header.types = types.clone();
    let section = unit.section.clone();
    header.units.push(unit);
    let kernel = FakeKernel::new();
    let note = header.to_note(ByteOrder::NATIVE);
    kernel.add(FakeModule::new(&keeper_name("values")).note(NOTE_SECTION, &note).section(&section, BASE));
    kernel.set(|settings| {
        settings.memory.insert(BASE, memory.to_vec());
    });
    kernel
}

/// A version of a module: `struct stats { HITS hits; void *to; int last[LAST]; }`, with an initial value of
/// ones and a relocation in `to`.
fn version(hits_size: u64, last: u64) -> Vec<u8> {
    let size = 16 + 4 * last;
    let mut make = Make::bare("foo");
    make.section(".text", 6, 16, &[0; 64]);
    make.versions(&["module_layout"]);
    make.file("foo.c");
    let section = format!("{DATA}.foo.0");
    let mut initial = vec![1; usize::try_from(size).unwrap()];
    initial[8..16].fill(0);
    let index = make.section(&section, 3, 8, &initial);
    make.local("stats", &section, 0, size);
    make.relocate(".text", 4, R_PC32, &section, -4);
    make.relocate(&section, 8, R_64, &section, 0);
    let mut types = TypeTable::default();
    let hits = types.push(Type::Number { name: "unsigned".into(), size: hits_size, encoding: 7 });
    let void = types.push(Type::Void);
    let to = types.push(Type::Pointer { size: 8, target: void });
    let int = types.push(Type::Number { name: "int".into(), size: 4, encoding: 5 });
    let numbers = types.push(Type::Array { element: int, counts: vec![Some(last)] });
    let members = vec![member("hits", 0, 0, hits), member("to", 64, 0, to), member("last", 128, 0, numbers)];
    let record = Type::Record { kind: TagKind::Struct, name: "stats".into(), size, members };
    let mut info = VariableDebugInfo::new(index, 0);
    info.type_name = Some("struct stats".into());
    info.type_id = Some(types.push(record));
    let mut object: Object<'_> = make.object();
    embed_types(&mut object, &[info], &types);
    object.write().unwrap()
}

struct Files {
    folder: TempDir,
    saved: PathBuf,
}

impl Files {
    fn module(&self, hits_size: u64, last: u64) -> PathBuf {
        let path = self.folder.path().join("foo.ko");
        fs::write(&path, version(hits_size, last)).unwrap();
        path
    }
}

/// A kernel that has kept such a module's data and dropped it, after it was saved: hits = 7, to as given,
/// last = 1, 2, 3.
fn saved(to: u64) -> (FakeKernel, Files, String) {
    let kernel = kernel();
    let file = ModuleFile::new(version(4, 3), 1 << 20);
    let Plan::Keeper { region_use, owner, images, .. } = plan(&kernel, Request::new(&file)).unwrap() else {
        panic!()
    };
    let load = KeeperLoad { region_use, owner: &owner, region: None, images: &images, may_fall_back: false };
    load.run(&kernel, c"", &|_| ()).unwrap();
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    let module = kernel.module("foo__persist").unwrap();
    let data = module.sections.iter().find(|section| section.name.starts_with(DATA)).unwrap();
    let words: [u32; 8] =
        [7, 0, u32::try_from(to & 0xffff_ffff).unwrap(), u32::try_from(to >> 32).unwrap(), 1, 2, 3, 0];
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    kernel.set(|settings| {
        settings.memory.insert(data.address.known().unwrap(), bytes);
    });
    let folder = TempDir::new().unwrap();
    let saved = folder.path().join("saved.json");
    let (success, text) = save(&kernel, "foo", &saved);
    assert!(success, "{text}");
    (kernel, Files { folder, saved }, text)
}

fn restore(kernel: &FakeKernel, module: &Path, saved: &Path, drop: &[&str], is_dry: bool) -> (bool, String) {
    let drop = drop.iter().map(|text| (*text).to_owned()).collect();
    command(
        kernel,
        Command::Restore(RestoreArgs {
            module: module.to_owned(),
            saved: saved.to_owned(),
            params: Vec::new(),
            drop,
            dry_run: is_dry,
            json: false,
        }),
    )
}

/// The initial value of the keeper that was loaded last, and the offsets of relocations in it.
fn initial(kernel: &FakeKernel) -> (Vec<u8>, Vec<u64>) {
    let images = kernel.syscalls().into_iter().filter_map(|call| match call {
        Call::Init { image, .. } => Some(image),
        _ => None,
    });
    // The owner comes after its keeper.
    let keeper = images.collect::<Vec<_>>().into_iter().rev().nth(1).unwrap();
    let object = Object::parse(&keeper).unwrap();
    let index = object.sections.iter().position(|section| section.name.starts_with(DATA.as_bytes())).unwrap();
    let tables = libmodfmt::elf::RelocationTables::of(&object);
    let relocations = libmodfmt::arch::relocations_of(&object, &tables, index).unwrap();
    let offsets = relocations.iter().map(|relocation| relocation.offset).collect();
    (object.sections[index].data.to_vec(), offsets)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|word| u32::from_ne_bytes(*word)).collect()
}

#[test]
fn values_are_saved_and_restored() {
    let (kernel, files, text) = saved(0);
    assert_eq!(text, format!("foo: 1 variables saved in {}\n", files.saved.display()));
    let mode = fs::metadata(&files.saved).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let value: Value = serde_json::from_slice(&fs::read(&files.saved).unwrap()).unwrap();
    assert_eq!((&value["schema"], &value["owner"]), (&1.into(), &"foo".into()));
    assert_eq!(value["saved"]["kernel"], kernel.release().unwrap());

    let module = files.module(4, 3);
    let (success, text) = restore(&kernel, &module, &files.saved, &[], false);
    assert!(!success && text.contains("data of foo is kept in the kernel already\n"), "{text}");
    discard(&kernel, "foo").unwrap();
    let before = kernel.syscalls().len();
    let (success, text) = restore(&kernel, &module, &files.saved, &[], true);
    assert!(success, "{text}");
    assert!(text.starts_with("foo.c:stats: restored\nfrom the file: foo.c:stats.to: is NULL\n"), "{text}");
    assert_eq!(kernel.syscalls().len(), before);

    let (success, text) = restore(&kernel, &module, &files.saved, &[], false);
    assert!(success && text.contains("foo: 1 variables restored, saved on "), "{text}");
    assert_eq!(kernel.history()[kernel.history().len() - 2..], ["+foo__persist", "+foo"]);
    let (bytes, relocations) = initial(&kernel);
    // The pointer has the file's initial value, with its relocation; what is beyond is room.
    assert_eq!(words(&bytes)[..7], [7, 0x0101_0101, 0, 0, 1, 2, 3]);
    assert_eq!(relocations, [8]);
}

#[test]
fn values_go_into_other_types_or_are_refused() {
    let (kernel, files, _) = saved(0);
    discard(&kernel, "foo").unwrap();
    let (success, text) = restore(&kernel, &files.module(8, 5), &files.saved, &[], false);
    assert!(success, "{text}");
    assert!(text.contains("  foo.c:stats.hits is widened from 4 to 8 bytes\n"), "{text}");
    assert!(!text.contains("is new"), "{text}");
    assert_eq!(words(&initial(&kernel).0)[..9], [7, 0, 0, 0, 1, 2, 3, 0x0101_0101, 0x0101_0101]);
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    discard(&kernel, "foo").unwrap();

    let before = kernel.syscalls().len();
    let narrow = files.module(2, 3);
    let (success, text) = restore(&kernel, &narrow, &files.saved, &[], false);
    assert!(!success, "{text}");
    assert!(text.contains("  foo.c:stats.hits: has 16 bits, had 32\nnothing was loaded\n"), "{text}");
    assert!(text.contains("--drop=stats.hits restores the rest\n"), "{text}");
    assert_eq!(kernel.syscalls().len(), before);
    let (success, text) = restore(&kernel, &narrow, &files.saved, &["stats.hits"], false);
    assert!(success && text.contains("from the file: foo.c:stats.hits: is dropped\n"), "{text}");
    assert_eq!(words(&initial(&kernel).0)[4..7], [1, 2, 3]);
}

#[test]
fn a_pointer_is_said_at_save_and_refused() {
    let (kernel, files, text) = saved(0xffff_8880_0000_1000);
    assert!(text.contains("modpersist restore refuses, unless they are dropped (--drop=FIELD):\n"), "{text}");
    assert!(text.ends_with("  foo.c:stats.to: is a pointer\n"), "{text}");
    discard(&kernel, "foo").unwrap();
    let before = kernel.syscalls().len();
    let (success, text) = restore(&kernel, &files.module(4, 3), &files.saved, &[], false);
    assert!(!success && text.contains("  foo.c:stats.to: is a pointer\nnothing was loaded\n"), "{text}");
    assert!(text.contains("--drop=stats.to starts it from the file's initial value\n"), "{text}");
    assert_eq!(kernel.syscalls().len(), before);
    let (success, text) = restore(&kernel, &files.module(4, 3), &files.saved, &["to"], false);
    assert!(success, "{text}");
}

#[test]
fn an_init_that_fails_leaves_nothing() {
    let (kernel, files, _) = saved(0);
    discard(&kernel, "foo").unwrap();
    kernel.fail_after(Op::Init, 1, Errno::EIO);
    let (success, _) = restore(&kernel, &files.module(4, 3), &files.saved, &[], false);
    assert!(!success);
    assert_eq!(kernel.module_names(), Vec::<String>::new());
}

#[test]
fn what_is_saved_can_be_read_however_many_values_there_are() {
    const COUNT: u32 = 350_000;
    let mut types = TypeTable::default();
    let element = types.push(Type::Number { name: "unsigned int".into(), size: 4, encoding: 7 });
    let id = types.push(Type::Array { element, counts: vec![Some(COUNT.into())] });
    let memory: Vec<u8> = (0..COUNT).flat_map(u32::to_ne_bytes).collect();
    let kernel = kept(&types, id, &memory);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("saved");
    let (success, text) = save(&kernel, "values", &file);
    assert!(success, "{text}");
    let saved = SavedFile::read(&file).unwrap().prepare(ByteOrder::NATIVE, &[]).unwrap();
    assert!(saved.values.contents[0].1 == memory);
}

#[test]
fn nothing_is_written_through_links_or_without_contents() {
    let (kernel, files, _) = saved(0);
    let (link, target) = (files.folder.path().join("link"), files.folder.path().join("target"));
    fs::write(&target, "mine").unwrap();
    symlink(&target, &link).unwrap();
    let (success, text) = save(&kernel, "foo", &link);
    assert!(!success && text.ends_with("link: it exists and is not a regular file"), "{text}");
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    kernel.fail_always(Op::Memory, Errno::EPERM);
    let other = files.folder.path().join("other");
    let (success, text) = save(&kernel, "foo", &other);
    assert!(!success && text.starts_with("the contents of foo's data cannot be read: "), "{text}");
    assert!(!other.exists());
    let (success, text) = save(&kernel, "bar", &other);
    assert!(!success && text.contains("nothing is kept for bar"), "{text}");
}

#[test]
fn another_modules_values_are_refused() {
    let (kernel, files, _) = saved(0);
    discard(&kernel, "foo").unwrap();
    let text = fs::read_to_string(&files.saved).unwrap().replace("\"owner\": \"foo\"", "\"owner\": \"bar\"");
    fs::write(&files.saved, text).unwrap();
    let (success, text) = restore(&kernel, &files.module(4, 3), &files.saved, &[], false);
    assert!(!success && text.contains("the saved values are those of bar, not of foo\n"), "{text}");
    fs::write(&files.saved, "{}").unwrap();
    let (success, text) = restore(&kernel, &files.module(4, 3), &files.saved, &[], false);
    assert!(!success && text.contains("saved.json: not what `modpersist save` writes: "), "{text}");
}

#[test]
fn an_extended_kernel_gets_a_keeper_if_it_takes_one() {
    let (kernel, files, _) = saved(0);
    discard(&kernel, "foo").unwrap();
    kernel.set(|settings| {
        settings.persist_support = PersistSupport::Extended;
        settings.sig_enforce = Some(true);
    });
    let before = kernel.syscalls().len();
    let (success, text) = restore(&kernel, &files.module(4, 3), &files.saved, &[], false);
    assert!(!success && text.contains("saved values cannot be restored here: "), "{text}");
    assert!(text.contains("without --restore the module starts from the file's initial values\n"), "{text}");
    assert_eq!(kernel.syscalls().len(), before);
    kernel.set(|settings| settings.sig_enforce = Some(false));
    let (success, text) = restore(&kernel, &files.module(4, 3), &files.saved, &[], false);
    assert!(success, "{text}");
    assert_eq!(words(&initial(&kernel).0)[4..7], [1, 2, 3]);
}
