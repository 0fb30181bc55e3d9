// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists of regions, whole and damaged.

use super::*;
use crate::elf::ByteOrder;
use crate::persist::{Account, Wishes};
use crate::types::{Type, TypeTable};

const TEXT: &str = "\
region foo used
block 1 kept named 00112233445566778899aabbccddeeff00112233 7 noted
section .data..persistent 0xffffffffc0a00000 16 8 rw used 0123456789abcdef
variable 8 8 foo.c cnt
variable 0 4 odd\\040name.c first
section .bss..persistent.foo.1 0xffffffffc0a00040 64 64 rw unused 0000000000000001
variable 0 64 - table
block 3 new named - 12 old
section .data..persistent.foo.1 0xffffffffc0b00000 4 4 ro used 0000000000000002
variable 0 4 foo.c poll.limit
region bar unused
block 1 kept unnamed - 3 none
section .data..persistent 0x0000000000000000 4 4 rw used 0000000000000000
region two new
block 1 kept ambiguous -
section .data..persistent 0x0000000000000000 4 4 rw used 0000000000000000
variable 0 4 foo.c cnt.1
section .data..persistent 0x0000000000000000 4 4 rw used 0000000000000000
variable 0 4 foo.c cnt.0
";

#[test]
fn every_field_is_read_and_written_again() {
    let regions = extended_regions(TEXT.as_bytes()).unwrap();
    let [foo, bar, two] = regions.as_slice() else { panic!("{regions:?}") };
    let [old, new] = foo.blocks.as_slice() else { panic!("{foo:?}") };
    assert_eq!((foo.used, bar.used, two.used), (ExtendedUse::Used, ExtendedUse::Unused, ExtendedUse::New));
    assert_eq!((old.header.generation, old.is_new, old.header.build_id.len()), (1, false, 20));
    assert_eq!((new.header.generation, new.is_new, new.header.build_id.len()), (3, true, 0));
    assert_eq!((old.serial, old.note), (7, BlockNote::Noted));
    assert_eq!((new.serial, new.note), (12, BlockNote::Old));
    assert_eq!((bar.blocks[0].serial, bar.blocks[0].note), (3, BlockNote::None));
    assert_eq!((two.blocks[0].serial, two.blocks[0].note), (0, BlockNote::None), "of the first patch");
    let names = |block: &ExtendedBlock| -> Vec<String> {
        block.header.variables().map(|(_, variable)| variable.to_string()).collect()
    };
    assert_eq!(names(old), ["odd name.c:first", "foo.c:cnt", "table"]);
    assert_eq!(names(new), ["foo.c:poll:limit"]);
    assert_eq!(old.addresses, [0xffff_ffff_c0a0_0000, 0xffff_ffff_c0a0_0040]);
    assert!(old.header.units[0].writable && !new.header.units[0].writable);
    assert_eq!(foo.unused(), [KeptPlace { generation: 1, ordinal: 1, offset: 0 }]);
    let [bar, two] = [bar, two].map(|region| &region.blocks[0].header);
    assert!(!bar.named && bar.build_id.is_empty());
    assert!(two.named, "each variable has a name");
    assert_eq!(two.units.iter().map(|unit| unit.variables.len()).collect::<Vec<_>>(), [1, 1]);
    let written: String = regions.iter().map(ToString::to_string).collect();
    assert_eq!(extended_regions(written.as_bytes()).unwrap(), regions);
    let names = ["named", "named", "unnamed", "ambiguous"];
    let lines = written.lines().filter(|line| line.starts_with("block "));
    assert_eq!(lines.filter_map(|line| line.split(' ').nth(3)).collect::<Vec<_>>(), names);
}

#[test]
fn sections_of_persistent_come_first() {
    let text = "\
region foo used
block 1 kept named - 7 none
section .bss..persistent 0xffffffffc0a00040 64 64 rw unused 0000000000000001
variable 0 64 - table
section .data..persistent 0xffffffffc0a00000 16 8 rw used 0123456789abcdef
variable 0 4 foo.c first
";
    let regions = extended_regions(text.as_bytes()).unwrap();
    let [block] = &*regions[0].blocks else { panic!("{regions:?}") };
    let names: Vec<&str> = block.header.units.iter().map(|unit| &*unit.section).collect();
    assert_eq!(names, [".data..persistent", ".bss..persistent"]);
    assert_eq!(block.addresses, [0xffff_ffff_c0a0_0000, 0xffff_ffff_c0a0_0040]);
    assert_eq!(block.used, [true, false]);
    assert_eq!(block.header.units[1].variables[0].name, "table");
}

#[test]
fn what_a_later_kernel_adds_is_passed_over() {
    let text = "comment\nregion foo used more\nblock 1 kept named - 1 none more\n\
                section .data..persistent 0x0 4 4 rw used 0 more\nflags x\n\n";
    assert_eq!(extended_regions(text.as_bytes()).unwrap().len(), 1);
}

#[test]
fn broken_lines_are_named() {
    let broken = [
        ("section .data..persistent 0x0 4 4\n", "line 1 of", "belongs to nothing"),
        ("region foo odd\n", "state", "is not known"),
        ("region foo used\nsection .data..persistent 0x0 4 4 rw used 0\n", "line 2", "belongs to nothing"),
        ("region foo used\nblock 1 kept named 123\n", "build id", "is no row"),
        ("region foo used\nblock 1 kept named\n", "build id", "is missing"),
        ("region foo used\nblock 1 kept named - x none\n", "serial number", "is no decimal number"),
        ("region foo used\nblock 1 kept named - 1\n", "note", "is missing"),
        ("region foo used\nblock 1 kept named - 1 odd\n", "note", "is not known"),
        ("region foo used\nblock 99999999999 kept named -\n", "number", "is too large"),
        ("region foo used\nblock 1 odd named -\n", "state", "is not known"),
        ("region a\\04 used\n", "name", "has a broken escape"),
        ("region foo used\nblock 1 kept named -\nsection .data 0x0 4 4\n", "line 3 of", "is not known"),
        (
            "region foo used\nblock 1 kept named -\nsection .data..persistent 0xg 4 4 rw used 0\n",
            "address",
            "is no hexadecimal number",
        ),
        (
            "region foo used\nblock 1 kept named -\nsection .data..persistent 0x0 4 4 rx used 0\n",
            "permission",
            "is not known",
        ),
        ("region foo used\nblock 1 kept named -\nvariable 0 4 - x\n", "line 3", "belongs to nothing"),
    ];
    for (text, place, why) in broken {
        let error = extended_regions(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(why), "{text:?}: {error}");
    }
}

#[test]
fn functions_and_short_build_ids_are_taken_from_the_file() {
    let mut region = extended_regions(TEXT.as_bytes()).unwrap().remove(0);
    let mut file = region.blocks[0].header.clone();
    let known = file.clone();
    file.build_id = vec![1; 20];
    file.units[0].variables[1].function = Some("poll".into());
    region.adopt(&file);
    assert_eq!(region.blocks[0].header, known, "of another build");
    file.build_id.clone_from(&known.build_id);
    file.units[0].variables[0].function = Some("other".into());
    file.units[0].variables[0].size = 8;
    region.adopt(&file);
    let adopted = &region.blocks[0].header.units[0].variables;
    assert_eq!(adopted[1].function.as_deref(), Some("poll"));
    assert_eq!(adopted[0].function, None, "another size");

    file.build_id = vec![7; 8];
    region.blocks[0].header.build_id = padded(&file.build_id);
    region.adopt(&file);
    assert_eq!(region.blocks[0].header.build_id, [7; 8]);
}

/// A file that has what is in the block, with the types of the variables named, and its account.
fn file_and_account(block: &ExtendedBlock, named: &[&str]) -> (Header, Account) {
    let mut file = block.header.clone();
    let mut types = TypeTable::default();
    // One that nothing leads to.
    types.push(Type::Number { name: "char".into(), size: 1, encoding: 6 });
    let number = types.push(Type::Number { name: "int".into(), size: 4, encoding: 5 });
    for variable in file.units.iter_mut().flat_map(|unit| &mut unit.variables) {
        if named.contains(&&*variable.name) {
            (variable.type_name, variable.type_id) = (Some("int".into()), Some(number));
        }
    }
    file.types = types;
    (file.clone(), Account::of(&[&block.header], &file, &Wishes::default()))
}

fn one_block() -> ExtendedBlock {
    let text = "region foo unused\nblock 1 kept named 0011223344556677889900112233445566778899 5 none\n\
                section .data..persistent.foo.7 0x0 4 4 rw used 0\nvariable 0 4 foo.c a\n\
                section .data..persistent.foo.3 0x0 4 4 rw used 0\nvariable 0 4 foo.c b\n";
    extended_regions(text.as_bytes()).unwrap().remove(0).blocks.remove(0)
}

#[test]
fn a_note_takes_the_types_of_the_file_to_the_block() {
    let mut block = one_block();
    let listed = block.clone();
    let (file, account) = file_and_account(&block, &["a"]);
    let note = block.note(&file, &account);
    assert_eq!(note.types.types().len(), 1, "only what the variables need");
    assert!(note.knows_types() && note.knows_more_types_than(&block.header));
    let bytes = note.to_note(ByteOrder::Little);
    let read = Header::from_note(&bytes, ByteOrder::Little).unwrap();
    assert_eq!(read, note);
    assert!(block.take_types(&read));
    let types = |block: &ExtendedBlock| -> Vec<Option<String>> {
        block.header.variables().map(|(_, variable)| variable.type_name.clone()).collect()
    };
    assert_eq!(types(&block), [Some("int".to_owned()), None]);
    assert!(!note.knows_more_types_than(&block.header) && !block.header.knows_more_types_than(&note));
    // A file that knows more of them, one that knows others, one that knows none.
    for (named, more) in [(["a", "b"].as_slice(), true), (&["b"], false), (&[], false)] {
        let (file, account) = file_and_account(&listed, named);
        let other = listed.note(&file, &account);
        assert_eq!(other.knows_more_types_than(&block.header), more, "{named:?}");
        assert_eq!(other.knows_types(), !named.is_empty());
    }
}

#[test]
fn a_note_about_another_block_is_not_taken() {
    let mut block = one_block();
    let listed = block.clone();
    let (file, account) = file_and_account(&block, &["a", "b"]);
    let note = block.note(&file, &account);
    let mut others = vec![note.clone(); 6];
    others[0].owner = "bar".into();
    others[1].generation = 2;
    others[2].units[0].size = 8;
    others[3].units[1].section = ".data..persistent.foo.4".into();
    others[4].units.pop();
    others[5].units.swap(0, 1);
    for other in &others {
        assert!(!block.take_types(other), "{other:?}");
        assert_eq!(block, listed);
    }
    // A variable that the note does not have at its place has no type.
    let mut moved = note;
    moved.units[0].variables[0].name = "z".into();
    assert!(block.take_types(&moved));
    let known: Vec<bool> = block.header.variables().map(|(_, own)| own.type_id.is_some()).collect();
    assert_eq!(known, [false, true]);
}
