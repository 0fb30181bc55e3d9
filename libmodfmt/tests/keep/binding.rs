// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of each variable of a new version, by what is kept.

use libmodfmt::persist::{Account, Fate, Header, KeptPlace, Unit, UnitPlace, Variable, Wishes};
use libmodfmt::types::{Member, TagKind, Type, TypeId};

fn variable(file: &str, name: &str, offset: u64, size: u64) -> Variable {
    let mut variable = Variable::new(name, offset, size, 8);
    variable.file = Some(file.into());
    variable
}

/// A variable in a section of its own.
fn alone(file: &str, name: &str, size: u64) -> Unit {
    let mut unit = Unit::new(&format!(".data..persistent.{}.0", file.trim_end_matches(".c")), size, 8);
    unit.variables.push(variable(file, name, 0, size));
    unit
}

/// Variables of 8 bytes in the common section.
fn common(names: &[&str]) -> Unit {
    let mut unit = Unit::new(".data..persistent", 8 * names.len() as u64, 8);
    for (number, name) in names.iter().enumerate() {
        unit.variables.push(variable("foo.c", name, 8 * number as u64, 8));
    }
    unit
}

fn header(units: Vec<Unit>) -> Header {
    let mut header = Header::new("foo");
    header.units = units;
    header
}

/// A version in which each of these has a section of its own.
fn version(names: &[&str]) -> Header {
    header(names.iter().map(|name| alone("foo.c", name, 8)).collect())
}

fn account(kept: &[&Header], file: &Header) -> Account {
    Account::of(kept, file, &Wishes::default())
}

/// Each variable with what becomes of it.
fn fates(account: &Account) -> Vec<String> {
    let fate = |fate: &Fate| match fate {
        Fate::Bound { at, .. } => format!("{}.{}+{}", at.generation, at.ordinal, at.offset),
        Fate::New => "new".to_owned(),
        Fate::Differs(difference) => difference.to_string(),
        other => panic!("{other:?}"),
    };
    account.variables.iter().map(|own| format!("{}: {}", own.variable.name, fate(&own.fate))).collect()
}

/// The header of the generation that a load makes.
fn made(account: &Account, file: &Header) -> Header {
    assert!(account.is_allowed(), "{:?}", fates(account));
    account.new_generation(file).expect("something is new").0
}

#[test]
fn variables_may_be_added_removed_and_reordered() {
    let first = version(&["a", "b"]);
    let second = version(&["c", "b"]);
    let account = account(&[&first], &second);
    // b is the old one; c may be a under another name.
    assert_eq!(fates(&account)[1], "b: 1.1+0");
    let second = version(&["b", "a", "c"]);
    let of_second = Account::of(&[&first], &second, &Wishes::default());
    assert_eq!(fates(&of_second), ["b: 1.1+0", "a: 1.0+0", "c: new"]);
    let more = made(&of_second, &second);
    assert_eq!((more.generation, more.units.len()), (2, 1));
    // And back again.
    let back = Account::of(&[&first, &more], &first, &Wishes::default());
    assert_eq!(fates(&back), ["a: 1.0+0", "b: 1.1+0"]);
    assert_eq!(back.unused.len(), 1);
    let place = KeptPlace { generation: 2, ordinal: 0, offset: 0 };
    assert_eq!((back.unused[0].0, &*back.unused[0].1.name), (place, "c"));
    assert!(!back.needs_generation());
}

#[test]
fn a_variable_alone_binds_to_its_place_in_a_common_section() {
    let old = header(vec![common(&["a", "b", "c"])]);
    let account = account(&[&old], &version(&["c", "a"]));
    assert_eq!(fates(&account), ["c: 1.0+16", "a: 1.0+0"]);
    assert_eq!(account.units[0], UnitPlace::Kept { generation: 1, ordinal: 0, offset: 16 });
}

#[test]
fn variables_that_share_a_section_stay_together_or_are_refused() {
    let old = header(vec![common(&["a", "b", "c"])]);
    let part = account(&[&old], &header(vec![common(&["b", "c"])]));
    assert_eq!(part.units, [UnitPlace::Kept { generation: 1, ordinal: 0, offset: 8 }]);
    let swapped = account(&[&old], &header(vec![common(&["b", "a", "c"])]));
    assert_eq!(
        fates(&swapped),
        ["b: foo.c:b: moved from offset 0x8 to 0x0", "a: foo.c:a: moved from offset 0x0 to 0x8", "c: 1.0+16",]
    );
    assert_eq!(swapped.units, [UnitPlace::Refused]);
    let appended = account(&[&old], &header(vec![common(&["a", "b", "c", "d"])]));
    assert_eq!(fates(&appended)[3], "d: foo.c:d: new (8 bytes at offset 0x18)");
    assert!(!appended.is_allowed());
    // From two units into one.
    let joined = account(&[&version(&["a", "b"])], &header(vec![common(&["a", "b"])]));
    assert!(!joined.is_allowed());
}

#[test]
fn the_newest_unit_of_a_variable_is_in_force() {
    let first = version(&["a", "b"]);
    let wishes = Wishes { fresh_variables: vec!["a".into()], ..Wishes::default() };
    let fresh = Account::of(&[&first], &first, &wishes);
    assert_eq!(fates(&fresh), ["a: new", "b: 1.1+0"]);
    assert!(fresh.unused.is_empty(), "it is replaced, not left");
    let second = made(&fresh, &first);
    let again = account(&[&first, &second], &first);
    assert_eq!(fates(&again), ["a: 2.0+0", "b: 1.1+0"]);
    assert!(again.unused.is_empty());
}

#[test]
fn a_fresh_start_takes_earlier_generations_out_of_force() {
    let first = version(&["a", "b"]);
    let wishes = Wishes { fresh: true, ..Wishes::default() };
    let file = version(&["a"]);
    let fresh = Account::of(&[&first], &file, &wishes);
    let second = made(&fresh, &file);
    assert!(second.fresh);
    assert_eq!(fates(&account(&[&first, &second], &first)), ["a: 2.0+0", "b: new"]);
    assert!(account(&[&first, &second], &file).unused.is_empty());
}

#[test]
fn a_name_that_has_changed_is_refused_until_somebody_says_so() {
    let first = version(&["a", "b"]);
    let renamed = version(&["z", "b"]);
    let suspected = account(&[&first], &renamed);
    assert_eq!(
        fates(&suspected)[0],
        "z: foo.c:z: new, but it may be foo.c:a, which is kept and not in the file"
    );
    assert!(!suspected.is_allowed());
    let hint = |old: &str, new: &str| {
        let wishes = Wishes { renamed: vec![(old.into(), new.into())], ..Wishes::default() };
        fates(&Account::of(&[&first], &renamed, &wishes))
    };
    for (old, new) in [("a", "z"), ("foo.c:a", "z"), ("foo:a", "foo.c:z")] {
        assert_eq!(hint(old, new), ["z: 1.0+0", "b: 1.1+0"], "{old}, {new}");
    }
    let wishes = Wishes { fresh_variables: vec!["foo.c:z".into()], ..Wishes::default() };
    let fresh = Account::of(&[&first], &renamed, &wishes);
    assert_eq!(fates(&fresh), ["z: new", "b: 1.1+0"]);
    // What was left then is not suspected again.
    let second = made(&fresh, &renamed);
    let third = version(&["z", "b", "y"]);
    assert_eq!(fates(&account(&[&first, &second], &third))[2], "y: new");
    // Another size cannot be the same variable.
    let other = header(vec![alone("foo.c", "z", 16), alone("foo.c", "b", 8)]);
    assert!(account(&[&first], &other).is_allowed());
}

#[test]
fn a_variable_moved_to_another_file_needs_a_hint() {
    let first = version(&["a"]);
    let moved = header(vec![alone("bar.c", "a", 32)]);
    let refused = account(&[&first], &moved);
    assert!(fates(&refused)[0].contains("may be foo.c:a"), "{:?}", fates(&refused));
    let moved = header(vec![alone("bar.c", "a", 8)]);
    let wishes = Wishes { renamed: vec![("foo.c:".into(), "bar.c:".into())], ..Wishes::default() };
    assert_eq!(fates(&Account::of(&[&first], &moved, &wishes)), ["a: 1.0+0"]);
}

#[test]
fn sizes_alignments_and_const_must_agree() {
    let first = version(&["a"]);
    let changed = |change: &dyn Fn(&mut Unit)| {
        let mut file = version(&["a"]);
        change(&mut file.units[0]);
        fates(&account(&[&first], &file)).remove(0)
    };
    assert_eq!(
        changed(&|unit| {
            unit.size = 16;
            unit.variables[0].size = 16;
        }),
        "a: foo.c:a: grew from 8 to 16 bytes"
    );
    assert_eq!(
        changed(&|unit| {
            unit.align = 64;
            unit.variables[0].align = 64;
        }),
        "a: foo.c:a: alignment changed from 8 to 64"
    );
    assert_eq!(
        changed(&|unit| {
            unit.align = 4;
            unit.variables[0].align = 4;
        }),
        "a: 1.0+0",
        "more than enough"
    );
    assert_eq!(changed(&|unit| unit.writable = false), "a: foo.c:a: kept as writable, const in the file");
    let to_bss = |unit: &mut Unit| unit.section = ".bss..persistent.foo.3".into();
    assert_eq!(changed(&to_bss), "a: 1.0+0");
}

#[test]
fn a_global_that_becomes_static_is_the_same() {
    let mut global = version(&["a"]);
    global.units[0].variables[0].file = None;
    for (kept, file) in [(&global, &version(&["a"])), (&version(&["a"]), &global)] {
        assert_eq!(fates(&account(&[kept], file)), ["a: 1.0+0"]);
    }
}

#[test]
fn files_are_known_by_their_base_names() {
    let mut kept = version(&["a"]);
    kept.units[0].variables[0].file = Some("foo-main.c".into());
    let mut file = version(&["a"]);
    file.units[0].variables[0].file = Some("foo_main".into());
    assert_eq!(fates(&account(&[&kept], &file)), ["a: 1.0+0"]);
}

#[test]
fn clangs_names_are_those_of_gcc() {
    let mut old = version(&["poll.cnt"]);
    old.note_version = 1;
    let mut file = version(&["cnt"]);
    file.units[0].variables[0].function = Some("poll".into());
    assert_eq!(fates(&account(&[&old], &file)), ["cnt: 1.0+0"]);
    file.units[0].variables[0].function = Some("read".into());
    assert!(!account(&[&old], &file).is_allowed());
}

fn with_type(mut header: Header, size: u64) -> Header {
    let number = Type::Number { name: "int".into(), size: 4, encoding: 5 };
    let int = header.types.push(number);
    let member = |name: &str, at| Member {
        name: name.into(),
        bit_offset: at,
        bits: 0,
        type_id: int,
        selected_by: Vec::new(),
    };
    let members = (0..size / 4).map(|number| member(&format!("f{number}"), number * 32)).collect();
    let record = Type::Record { kind: TagKind::Struct, name: "s".into(), size, members };
    let id = header.types.push(record);
    for unit in &mut header.units {
        unit.variables[0].type_id = Some(id);
    }
    header
}

/// A file with one variable, which points to a structure, or is one.
fn structure(name: &str, tag: &str, fields: &[&str], is_pointer: bool) -> Header {
    let mut header = header(vec![alone("foo.c", name, 8)]);
    let int = header.types.push(Type::Number { name: "int".into(), size: 4, encoding: 5 });
    let member = |(number, name): (u64, &&str)| Member {
        name: (*name).into(),
        bit_offset: number * 32,
        bits: 0,
        type_id: int,
        selected_by: Vec::new(),
    };
    let size = 4 * fields.len() as u64;
    let members = (0..).zip(fields).map(member).collect();
    let mut id = header.types.push(Type::Record { kind: TagKind::Struct, name: tag.into(), size, members });
    if is_pointer {
        id = header.types.push(Type::Pointer { size: 8, target: id });
    } else {
        (header.units[0].size, header.units[0].variables[0].size) = (size, size);
    }
    header.units[0].variables[0].type_id = Some(id);
    header
}

#[test]
fn a_variable_renamed_with_its_structure_is_suspected() {
    let old = ["a", "b", "c"];
    let suspects = |file: &Header, is_pointer| {
        let kept = structure("owl", "owl_context", &old, is_pointer);
        fates(&account(&[&kept], file))[0].contains("may be foo.c:owl,")
    };
    for is_pointer in [true, false] {
        let file = |name, tag, fields: &[&str]| structure(name, tag, fields, is_pointer);
        assert!(suspects(&file("vwifi", "vwifi_context", &old), is_pointer));
        assert!(suspects(&file("vwifi", "vwifi_context", &["a", "c", "d"]), is_pointer));
        assert!(suspects(&file("vwifi", "", &["b", "a", "c", "d"]), is_pointer));
        // The structure changed, and has its tag.
        assert!(suspects(&file("vwifi", "owl_context", &["x"]), is_pointer));
        // A field in common is nothing.
        assert!(!suspects(&file("stats", "stats", &["a", "x", "y"]), is_pointer));
        assert!(!suspects(&file("stats", "stats", &["a", "b", "x", "y"]), is_pointer));
        assert!(!suspects(&file("stats", "stats", &[]), is_pointer));
    }
    assert!(!suspects(&structure("vwifi", "vwifi_context", &old, true), false), "a pointer, and no pointer");
    // A wish, or another file.
    let (kept, file) =
        (structure("owl", "owl_context", &old, true), structure("vwifi", "vwifi_context", &old, true));
    let wishes = Wishes { fresh_variables: vec!["vwifi".into()], ..Wishes::default() };
    assert_eq!(fates(&Account::of(&[&kept], &file, &wishes)), ["vwifi: new"]);
    let mut elsewhere = file;
    elsewhere.units[0].variables[0].file = Some("bar.c".into());
    assert_eq!(fates(&account(&[&kept], &elsewhere)), ["vwifi: new"]);
}

#[test]
fn a_structure_gets_room_to_grow() {
    let file = with_type(version(&["a"]), 8);
    let made = made(&account(&[], &file), &file);
    assert_eq!((made.units[0].size, made.units[0].room, made.units[0].align), (8, 128, 64));
    assert_eq!(made.units[0].variables[0].type_id, Some(TypeId(0)));
    assert_eq!(Unit::room_for(100), 256);
    assert_eq!(Unit::room_for(1 << 20), (1 << 20) + (64 << 10));
    assert_eq!(Unit::room_for(u64::MAX), u64::MAX);
    // The file that made it finds everything again.
    assert_eq!(fates(&account(&[&made], &file)), ["a: 1.0+0"]);
}

#[test]
fn types_are_compared_and_what_was_not_is_counted() {
    let typed = with_type(version(&["a"]), 8);
    let bare = version(&["a"]);
    assert_eq!(account(&[&typed], &typed).bound(), (1, 0));
    assert_eq!(account(&[&typed], &bare).bound(), (1, 1));
    let mut other = with_type(version(&["a"]), 8);
    let renamed = Type::Record { kind: TagKind::Struct, name: "t".into(), size: 8, members: Vec::new() };
    other.types.replace(TypeId(1), renamed);
    assert!(!account(&[&typed], &other).is_allowed());
}

#[test]
fn a_stripped_file_binds_by_its_build_only() {
    let mut kept = version(&["a", "b"]);
    kept.build_id = vec![1; 20];
    let mut stripped = kept.clone();
    stripped.named = false;
    stripped.units.iter_mut().for_each(|unit| unit.variables.clear());
    let same = account(&[&kept], &stripped);
    assert!(same.is_allowed() && same.variables.is_empty());
    assert_eq!(same.units[1], UnitPlace::Kept { generation: 1, ordinal: 1, offset: 0 });
    let mut other = stripped.clone();
    other.build_id = vec![2; 20];
    let refused = account(&[&kept], &other);
    assert!(!refused.is_allowed());
    assert!(refused.differences().next().unwrap().to_string().contains("comes from another build"));
    // A second generation: nothing says which of its units the stripped file used.
    let mut second = version(&["c"]);
    second.generation = 2;
    assert!(!account(&[&kept, &second], &stripped).is_allowed());
}

#[test]
fn several_of_one_name_need_their_functions() {
    let of = |functions: [Option<&str>; 2]| {
        let mut header = version(&["cnt", "cnt"]);
        for (unit, function) in header.units.iter_mut().zip(functions) {
            unit.variables[0].function = function.map(str::to_owned);
        }
        header
    };
    let known = of([Some("read"), Some("write")]);
    let swapped = of([Some("write"), Some("read")]);
    assert_eq!(fates(&account(&[&known], &swapped)), ["cnt: 1.1+0", "cnt: 1.0+0"]);
    let refused = account(&[&known], &of([None, None]));
    assert!(fates(&refused)[0].contains("several variables have this name"), "{:?}", fates(&refused));
}

#[test]
fn a_wish_for_what_is_not_there_is_said() {
    let wishes = Wishes { fresh_variables: vec!["nothing".into()], ..Wishes::default() };
    let account = Account::of(&[&version(&["a"])], &version(&["a"]), &wishes);
    assert_eq!(account.differences().next().unwrap().to_string(), "nothing: no such variable");
}

#[test]
fn many_variables_in_many_generations_take_little_time() {
    let names: Vec<String> = (0..1000).map(|number| format!("v{number}")).collect();
    let mut kept: Vec<Header> = Vec::new();
    for generation in 1..=20 {
        let names: Vec<&str> = names.iter().take(50 * generation).map(String::as_str).collect();
        let file = version(&names);
        let before: Vec<&Header> = kept.iter().collect();
        let account = account(&before, &file);
        let (made, _) = account.new_generation(&file).unwrap();
        kept.push(made);
    }
    assert_eq!(kept.iter().map(|header| header.units.len()).sum::<usize>(), 1000);
}
