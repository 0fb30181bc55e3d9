// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists of regions, whole and damaged.

use super::*;

const TEXT: &str = "\
region foo used
block 1 kept named 00112233445566778899aabbccddeeff00112233
section .data..persistent 0xffffffffc0a00000 16 8 rw used 0123456789abcdef
variable 8 8 foo.c cnt
variable 0 4 odd\\040name.c first
section .bss..persistent.foo.1 0xffffffffc0a00040 64 64 rw unused 0000000000000001
variable 0 64 - table
block 3 new named -
section .data..persistent.foo.1 0xffffffffc0b00000 4 4 ro used 0000000000000002
variable 0 4 foo.c poll.limit
region bar unused
block 1 kept unnamed -
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
fn what_a_later_kernel_adds_is_passed_over() {
    let text = "comment\nregion foo used more\nblock 1 kept named - more\n\
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
