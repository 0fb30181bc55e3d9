// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a new version may use the data of an old one.

use libmodfmt::persist::{Agreement, Difference, Header, Unit, Variable, compare};
use libmodfmt::types::Type;

fn variable(name: &str, offset: u64, size: u64) -> Variable {
    let mut variable = Variable::new(name, offset, size, 8);
    variable.file = Some("foo.c".into());
    variable
}

fn header(variables: Vec<Variable>) -> Header {
    let size = variables.iter().map(|variable| variable.offset + variable.size).max().unwrap_or(8);
    let mut section = Unit::new(".data..persistent", size, 8);
    section.variables = variables;
    let mut header = Header::new("foo");
    header.units.push(section);
    header
}

fn differences(kept: &Header, file: &Header) -> Vec<Difference> {
    match compare(kept, file) {
        Agreement::Differs(differences) => differences,
        other => panic!("{other:?}"),
    }
}

fn text(kept: &Header, file: &Header) -> Vec<String> {
    differences(kept, file).iter().map(ToString::to_string).collect()
}

fn kept() -> Header {
    header(vec![variable("a", 0, 8), variable("b", 8, 16)])
}

#[test]
fn the_same_layout_agrees_whatever_the_build() {
    let mut other = kept();
    other.build_id = vec![1; 20];
    assert!(matches!(compare(&kept(), &other), Agreement::Layout { .. }));
}

#[test]
fn an_appended_variable() {
    let file = header(vec![variable("a", 0, 8), variable("b", 8, 16), variable("c", 24, 4)]);
    assert_eq!(
        text(&kept(), &file),
        [".data..persistent: 24 bytes are kept, the file has 28", "foo.c:c: new (4 bytes at offset 0x18)"]
    );
}

#[test]
fn a_removed_variable() {
    let file = header(vec![variable("b", 8, 16)]);
    assert_eq!(text(&kept(), &file), ["foo.c:a: removed (kept: 8 bytes at offset 0x0)"]);
}

#[test]
fn a_grown_and_a_moved_variable() {
    let file = header(vec![variable("a", 0, 12), variable("b", 16, 4)]);
    assert_eq!(
        text(&kept(), &file),
        [
            ".data..persistent: 24 bytes are kept, the file has 20",
            "foo.c:a: grew from 8 to 12 bytes",
            "foo.c:b: shrank from 16 to 4 bytes, moved from offset 0x8 to 0x10",
        ]
    );
}

#[test]
fn two_that_changed_places() {
    let kept = header(vec![variable("a", 0, 8), variable("b", 8, 8)]);
    let file = header(vec![variable("b", 0, 8), variable("a", 8, 8)]);
    assert_eq!(
        text(&kept, &file),
        ["foo.c:a: moved from offset 0x0 to 0x8", "foo.c:b: moved from offset 0x8 to 0x0"]
    );
}

#[test]
fn another_alignment() {
    let mut file = kept();
    file.units[0].align = 64;
    file.units[0].variables[0].align = 64;
    assert_eq!(
        text(&kept(), &file),
        [
            ".data..persistent: kept with an alignment of 8, the file asks for 64",
            "foo.c:a: alignment changed from 8 to 64",
        ]
    );
}

#[test]
fn a_section_more_or_less() {
    let mut both = kept();
    both.units.push(Unit::new(".bss..persistent", 8, 8));
    assert_eq!(
        differences(&kept(), &both),
        [Difference::SectionAdded { section: ".bss..persistent".into() }]
    );
    assert_eq!(
        differences(&both, &kept()),
        [Difference::SectionRemoved { section: ".bss..persistent".into() }]
    );
    assert_eq!(text(&both, &kept()), [".bss..persistent: kept, but not in the file"]);
}

#[test]
fn the_same_name_in_another_file_or_function_is_another_variable() {
    let mut file = kept();
    file.units[0].variables[0].file = Some("bar.c".into());
    assert!(matches!(
        &differences(&kept(), &file)[..],
        [Difference::Removed { .. }, Difference::Added { .. }]
    ));
}

#[test]
fn functions_are_compared_where_both_are_known() {
    let of = |function: Option<&str>, known: bool| {
        let mut header = kept();
        header.units[0].variables[0].function = function.map(Into::into);
        header.units[0].variables[0].type_name = known.then(|| "int".into());
        header
    };
    let (rx, tx) = (of(Some("rx_errors"), true), of(Some("tx_total"), true));
    assert_eq!(
        text(&rx, &tx),
        [
            "foo.c:rx_errors:a: removed (kept: 8 bytes at offset 0x0)",
            "foo.c:tx_total:a: new (8 bytes at offset 0x0)",
        ]
    );
    assert!(matches!(compare(&rx, &rx), Agreement::Layout { .. }));
    let (outside, unknown) = (of(None, true), of(None, false));
    assert_eq!(text(&rx, &outside)[1], "foo.c:a: new (8 bytes at offset 0x0)");
    assert!(matches!(compare(&rx, &unknown), Agreement::Layout { .. }));
    assert!(matches!(compare(&unknown, &tx), Agreement::Layout { .. }));
    assert_eq!(rx.layout_hash(), unknown.layout_hash());
}

#[test]
fn two_of_one_name_are_matched_by_their_functions() {
    let of = |first: &str, second: &str| {
        let mut header = header(vec![variable("cnt", 0, 8), variable("cnt", 8, 8)]);
        for (variable, function) in header.units[0].variables.iter_mut().zip([first, second]) {
            variable.function = Some(function.into());
        }
        header
    };
    assert!(matches!(compare(&of("red", "blue"), &of("red", "blue")), Agreement::Layout { .. }));
    assert_eq!(
        text(&of("red", "blue"), &of("blue", "red")),
        ["foo.c:red:cnt: moved from offset 0x0 to 0x8", "foo.c:blue:cnt: moved from offset 0x8 to 0x0"]
    );
}

#[test]
fn an_unknown_file_matches_where_the_name_is_unique() {
    let without = |mut header: Header| {
        header.units[0].variables[0].file = None;
        header
    };
    assert!(matches!(compare(&kept(), &without(kept())), Agreement::Layout { .. }));
    assert!(matches!(compare(&without(kept()), &kept()), Agreement::Layout { .. }));
    let mut two = kept();
    two.units[0].variables[1].name = "a".into();
    two.units[0].variables[1].file = Some("bar.c".into());
    assert!(matches!(compare(&two, &without(two.clone())), Agreement::Differs(_)));
}

#[test]
fn types_are_compared_where_both_are_known() {
    let typed = |name: &str, ty: Type| {
        let mut header = kept();
        let variable = &mut header.units[0].variables[0];
        variable.type_name = Some(name.into());
        variable.type_id = Some(header.types.push(ty));
        header
    };
    let number = |encoding| Type::Number { name: "long".into(), size: 8, encoding };
    let count = kept().variables().count();
    let compared = |kept: &Header, file: &Header| match compare(kept, file) {
        Agreement::Layout { types_not_compared } => types_not_compared,
        other => panic!("{other:?}"),
    };
    assert_eq!(compared(&typed("long", number(5)), &kept()), count);
    assert_eq!(compared(&kept(), &typed("long", number(5))), count);
    assert_eq!(compared(&typed("long", number(5)), &typed("s64", number(5))), count - 1);
    assert_eq!(compared(&typed("long", number(5)), &typed("s64", Type::Unknown)), count);
    assert_eq!(
        text(&typed("long", number(5)), &typed("long", number(7))),
        ["foo.c:a: a: kind of number changed from signed to unsigned (long)"]
    );
    assert_eq!(
        text(&typed("long", number(5)), &typed("double", number(4))),
        [
            "foo.c:a: type changed from long to double: a: kind of number changed from signed to floating point (long)"
        ]
    );
}

#[test]
fn without_names_only_the_build_id_counts() {
    let built = |id: &[u8], named| {
        let mut header = kept();
        header.build_id = id.to_vec();
        header.named = named;
        if !named {
            header.units[0].variables.clear();
        }
        header
    };
    assert_eq!(compare(&built(&[1], true), &built(&[1], false)), Agreement::Build);
    assert_eq!(compare(&built(&[1], false), &built(&[1], true)), Agreement::Build);
    assert_eq!(compare(&built(&[1], false), &built(&[1], false)), Agreement::Build);
    for (one, other, known) in [(&[1][..], &[2][..], true), (&[], &[], false), (&[1], &[], false)] {
        for (kept, file) in [(true, false), (false, true), (false, false)] {
            let expected = [Difference::NoNames { in_file: !file, build_ids_known: known }];
            assert_eq!(differences(&built(one, kept), &built(other, file)), expected);
        }
    }
}

#[test]
fn one_build_with_two_sizes_is_still_different() {
    let mut kept = kept();
    kept.build_id = vec![1];
    let mut file = kept.clone();
    file.named = false;
    file.units[0].size = 32;
    assert_eq!(
        differences(&kept, &file),
        [Difference::SectionSize { section: ".data..persistent".into(), kept: 24, file: 32 }]
    );
}

#[test]
fn one_name_in_unknown_functions_binds_within_a_build_only() {
    // What a kernel that keeps data itself knows of two statics in two functions.
    let kept = header(vec![variable("cnt", 0, 8), variable("cnt", 8, 8)]);
    let mut file = kept.clone();
    for (variable, function) in file.units[0].variables.iter_mut().zip(["red", "blue"]) {
        variable.function = Some(function.into());
    }
    assert!(matches!(compare(&file, &file), Agreement::Layout { .. }), "both sides know them");
    for (kept, file) in [(&kept, &file), (&file, &kept), (&kept, &kept)] {
        assert_eq!(differences(kept, file), [Difference::NoFunctions { name: "foo.c:cnt".into() }]);
    }
    let built = |header: &Header| {
        let mut header = header.clone();
        header.build_id = vec![1];
        header
    };
    assert!(matches!(compare(&built(&kept), &built(&file)), Agreement::Layout { .. }));
}
