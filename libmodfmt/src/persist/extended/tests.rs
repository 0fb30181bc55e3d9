// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists of regions, whole and damaged.

use super::*;

const TEXT: &str = "\
region foo used named 0123456789abcdef 00112233445566778899aabbccddeeff00112233
section .data..persistent 0xffffffffc0a00000 16 8
section .bss..persistent 0xffffffffc0a00040 64 64
variable .data..persistent 8 8 foo.c cnt
variable .data..persistent 0 4 odd\\040name.c first
variable .bss..persistent 0 64 - table
region bar unused unnamed 0000000000000000 -
section .data..persistent 0x0000000000000000 4 4
region two unused ambiguous 00000000000000aa -
section .data..persistent 0x0000000000000000 4 4
section .bss..persistent 0x0000000000000000 4 4
variable .data..persistent 0 4 foo.c cnt.1
variable .bss..persistent 0 4 foo.c cnt.0
";

#[test]
fn every_field_is_read_and_written_again() {
    let regions = extended_regions(TEXT.as_bytes()).unwrap();
    let [foo, bar, two] = regions.as_slice() else { panic!("{regions:?}") };
    assert_eq!(
        (foo.used, foo.layout, foo.header.build_id.len()),
        (ExtendedUse::Used, 0x0123_4567_89ab_cdef, 20)
    );
    let names: Vec<String> = foo.header.variables().map(|(_, variable)| variable.to_string()).collect();
    assert_eq!(names, ["odd name.c:first", "foo.c:cnt", "table"]);
    assert_eq!(foo.addresses, [0xffff_ffff_c0a0_0000, 0xffff_ffff_c0a0_0040]);
    assert!(!bar.header.named && bar.header.build_id.is_empty());
    assert!(two.header.named, "each variable has a name");
    let written: String = regions.iter().map(ToString::to_string).collect();
    assert_eq!(extended_regions(written.as_bytes()).unwrap(), regions);
    let names = ["named", "unnamed", "ambiguous"];
    let lines = written.lines().filter(|line| line.starts_with("region "));
    assert_eq!(lines.filter_map(|line| line.split(' ').nth(3)).collect::<Vec<_>>(), names);
}

#[test]
fn what_a_later_kernel_adds_is_passed_over() {
    let text = "comment\nregion foo used named 0 - more\nsection .data..persistent 0x0 4 4 more\nflags x\n\n";
    assert_eq!(extended_regions(text.as_bytes()).unwrap().len(), 1);
}

#[test]
fn broken_lines_are_named() {
    let broken = [
        ("section .data..persistent 0x0 4 4\n", "line 1 of", "belongs to no region"),
        ("region foo odd named 0 -\n", "state", "is not known"),
        ("region foo used named xyz -\n", "layout", "is no hexadecimal number"),
        ("region foo used named 0 123\n", "build id", "is no row"),
        ("region foo used named 0\n", "build id", "is missing"),
        ("region a\\04 used named 0 -\n", "name", "has a broken escape"),
        ("region foo used named 0 -\nsection .data 0x0 4 4\n", "line 2 of", "is not known"),
        ("region foo used named 0 -\nvariable .data..persistent 0 4 - x\n", "line 2", "has not been listed"),
    ];
    for (text, place, why) in broken {
        let error = extended_regions(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(why), "{text:?}: {error}");
    }
}

#[test]
fn functions_and_short_build_ids_are_taken_from_the_file() {
    let mut region = extended_regions(TEXT.as_bytes()).unwrap().remove(0);
    let mut file = region.header.clone();
    let known = region.header.clone();
    file.build_id = vec![1; 20];
    file.units[0].variables[1].function = Some("poll".into());
    region.adopt(&file);
    assert_eq!(region.header, known, "of another build");
    file.build_id.clone_from(&known.build_id);
    file.units[0].variables[0].function = Some("other".into());
    file.units[0].variables[0].size = 8;
    region.adopt(&file);
    assert_eq!(region.header.units[0].variables[1].function.as_deref(), Some("poll"));
    assert_eq!(region.header.units[0].variables[0].function, None, "another size");

    file.build_id = vec![7; 8];
    region.header.build_id = padded(&file.build_id);
    region.adopt(&file);
    assert_eq!(region.header.build_id, [7; 8]);
}
