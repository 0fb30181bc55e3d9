// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files of saved values: what is taken from them, what is refused by name, and files that somebody made to
//! do harm.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use libmodfmt::elf::ByteOrder;
use modrecord::saved_values::{Prepared, SavedFile, SavedFileError};
use serde_json::{Value, json};

const BASE: u64 = 0xffff_ffff_c0a0_5000;

/// A file with these types and variables; each variable is a name, a size, a type and a value.
fn file(types: &Value, variables: &[(&str, u64, u32, Value)]) -> Value {
    let variable = |(name, size, type_id, value): &(&str, u64, u32, Value)| {
        json!({"file": "meter.c", "function": null, "name": name, "offset": 0, "size": size, "type": "int",
            "type_id": type_id, "value": value})
    };
    let variables: Vec<Value> = variables.iter().map(variable).collect();
    json!({"schema": 1, "owner": "meter", "named": true,
        "saved": {"format": 1, "kernel": "6.1.0-test", "types": types},
        "sections": [{"address": format!("{BASE:#x}"), "variables": variables}]})
}

fn prepared(file: &Value, drops: &[&str]) -> Result<Prepared, SavedFileError> {
    let drops: Vec<String> = drops.iter().map(|text| (*text).to_owned()).collect();
    SavedFile::parse(&serde_json::to_vec(file).unwrap())?.prepare(ByteOrder::Little, &drops)
}

/// The bytes of the only variable.
fn bytes(types: &Value, size: u64, value: &Value) -> Vec<u8> {
    let last = u32::try_from(types.as_array().unwrap().len() - 1).unwrap();
    let prepared = prepared(&file(types, &[("v", size, last, value.clone())]), &[]).unwrap();
    prepared.values.contents[0].1.clone()
}

/// Why the only variable is refused.
fn refusal(types: &Value, size: u64, value: &Value) -> String {
    refusals(types, size, value, &[]).join("; ")
}

fn refusals(types: &Value, size: u64, value: &Value, drops: &[&str]) -> Vec<String> {
    let last = u32::try_from(types.as_array().unwrap().len() - 1).unwrap();
    match prepared(&file(types, &[("v", size, last, value.clone())]), drops) {
        Err(SavedFileError::Refused { refusals }) => refusals.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn number(value: &str) -> Value {
    json!({"kind": "number", "value": value})
}

fn int(size: u64, encoding: u8) -> Value {
    json!([{"kind": "number", "name": "n", "size": size, "encoding": encoding}])
}

fn field(name: &str, value: &Value) -> Value {
    json!({"name": name, "type": "t", "value": value})
}

fn record(fields: &[Value]) -> Value {
    json!({"kind": "struct", "fields": fields})
}

#[test]
fn numbers_are_those_of_their_type() {
    assert_eq!(bytes(&int(2, 5), 2, &number("-2")), [0xfe, 0xff]);
    assert_eq!(bytes(&int(2, 7), 2, &number("65534")), [0xfe, 0xff]);
    assert_eq!(bytes(&int(16, 7), 16, &number(&u128::MAX.to_string())), [0xff; 16]);
    assert_eq!(bytes(&int(8, 4), 8, &json!({"kind": "float", "value": "1.5"})), 1.5_f64.to_le_bytes());
    assert_eq!(bytes(&int(4, 4), 4, &json!({"kind": "float", "value": "0.1"})), 0.1_f32.to_le_bytes());
    assert_eq!(bytes(&int(1, 6), 1, &json!({"kind": "char", "value": "-1"})), [0xff]);
    assert_eq!(bytes(&int(1, 2), 1, &json!({"kind": "bool", "value": "7"})), [7]);
    assert_eq!(bytes(&int(2, 0x47), 2, &number("258")), [1, 2], "stored in the other byte order");
    for (size, encoding, text) in [
        (2, 5, "32768"),
        (2, 5, "-32769"),
        (2, 7, "65536"),
        (2, 7, "-1"),
        (8, 7, "99999999999999999999999999999999999999999999999999"),
        (4, 5, "1e3"),
        (4, 5, "0x10"),
        (4, 5, ""),
        (4, 5, " 1"),
    ] {
        let wanted =
            format!("meter.c:v: the file contradicts itself: the value is no number of {} bits", size * 8);
        assert_eq!(refusal(&int(size, encoding), size, &number(text)), wanted, "{text}");
    }
}

#[test]
fn addresses_are_refused_and_idle_objects_left_out() {
    let types = json!([
        {"kind": "void"},
        {"kind": "pointer", "size": 8, "target": 0},
        {"kind": "struct", "name": "list_head", "size": 16, "members": [
            {"name": "next", "offset": 0, "type": 1}, {"name": "prev", "offset": 64, "type": 1}]},
        {"kind": "number", "name": "int", "size": 4, "encoding": 5},
        {"kind": "struct", "name": "atomic", "size": 4, "members": [{"name": "counter", "offset": 0, "type": 3}]},
        {"kind": "struct", "name": "qspinlock", "size": 4, "members": [{"name": "val", "offset": 0, "type": 4}]},
        {"kind": "struct", "name": "timer_list", "size": 8, "members": [{"name": "function", "offset": 0, "type": 1}]},
        {"kind": "union", "name": "", "size": 8, "members": [
            {"name": "word", "offset": 0, "type": 3}, {"name": "to", "offset": 0, "type": 1}]},
        {"kind": "struct", "name": "all", "size": 48, "members": [
            {"name": "n", "offset": 0, "type": 3}, {"name": "lock", "offset": 32, "type": 5},
            {"name": "list", "offset": 64, "type": 2}, {"name": "timer", "offset": 192, "type": 6},
            {"name": "", "offset": 256, "type": 7}, {"name": "p", "offset": 320, "type": 1}]}
    ]);
    let pointer = |address: u64| json!({"kind": "pointer", "address": format!("{address:#x}")});
    let value = |list: u64, lock: &str, timer: u64, word: &str, last: u64| {
        let counter = record(&[field("counter", &number(lock))]);
        let union = json!({"kind": "union", "fields": [
            field("word", &number(word)), field("to", &pointer(word.parse().unwrap()))]});
        record(&[
            field("n", &number("5")),
            field("lock", &record(&[field("val", &counter)])),
            field("list", &record(&[field("next", &pointer(list)), field("prev", &pointer(list))])),
            field("timer", &record(&[field("function", &pointer(timer))])),
            field("", &union),
            field("p", &pointer(last)),
        ])
    };
    let idle = value(BASE + 8, "0", 0, "0", 0);
    let prepared_all = prepared(&file(&types, &[("v", 48, 8, idle.clone())]), &[]).unwrap();
    let initial: Vec<String> =
        prepared_all.initial.iter().map(|(path, why)| format!("{path} {why}")).collect();
    assert_eq!(
        initial,
        ["v.lock is idle", "v.list is idle", "v.timer is idle", "v is zero", "v.p is NULL"]
            .map(|text| format!("meter.c:{text}"))
    );
    let (address, bytes) = &prepared_all.values.contents[0];
    assert_eq!((*address, &bytes[..4], &bytes[4..]), (BASE, &[5, 0, 0, 0][..], &[0; 44][..]));
    let used = value(BASE, "1", 0xffff_ffff_8100_0000, "7", 1);
    let wanted = [
        "meter.c:v.lock: is a spinlock that is locked",
        "meter.c:v.list: is a list that is not empty",
        "meter.c:v.timer: is a timer",
        "meter.c:v: is a union that may have a pointer in it, and is not zero",
        "meter.c:v.p: is a pointer",
    ];
    assert_eq!(refusals(&types, 48, &used, &[]), wanted);
    let drops = ["v.lock", "list", "struct all.timer"];
    assert_eq!(refusals(&types, 48, &used, &drops), wanted[3..]);
    assert!(
        prepared(&file(&types, &[("v", 48, 8, used)]), &["meter.c:v"]).unwrap().values.contents.is_empty()
    );
}

/// Whether the file's initial value takes the place of a lock.
fn is_left_out(types: &Value, value: Value) -> bool {
    let (last, size) =
        types.as_array().map(|types| (types.len() - 1, types.last().unwrap()["size"].clone())).unwrap();
    let file = file(types, &[("v", size.as_u64().unwrap(), u32::try_from(last).unwrap(), value)]);
    prepared(&file, &[]).is_ok()
}

#[test]
fn a_semaphore_that_was_read_locked_once_is_idle() {
    // The owner stays in it: include/linux/rwsem.h.
    let types = json!([
        {"kind": "number", "name": "long", "size": 8, "encoding": 5},
        {"kind": "struct", "name": "", "size": 8, "members": [{"name": "counter", "offset": 0, "type": 0}]},
        {"kind": "struct", "name": "rw_semaphore", "size": 16, "members": [
            {"name": "count", "offset": 0, "type": 1}, {"name": "owner", "offset": 64, "type": 1}]}
    ]);
    let counter = |value: &str| record(&[field("counter", &number(value))]);
    let semaphore = |count: &str, owner: &str| {
        record(&[field("count", &counter(count)), field("owner", &counter(owner))])
    };
    assert!(is_left_out(&types, semaphore("0", "-131391639519229")));
    assert!(!is_left_out(&types, semaphore("1", "-131391639519232")));
    assert!(!is_left_out(&types, semaphore("256", "0")));
    // With PREEMPT_RT it counts from a bias, and an owner is one: include/linux/rwbase_rt.h.
    let types = json!([
        {"kind": "number", "name": "int", "size": 4, "encoding": 5},
        {"kind": "struct", "name": "", "size": 4, "members": [{"name": "counter", "offset": 0, "type": 0}]},
        {"kind": "void"},
        {"kind": "pointer", "size": 8, "target": 2},
        {"kind": "struct", "name": "rt_mutex_base", "size": 8, "members": [
            {"name": "owner", "offset": 0, "type": 3}]},
        {"kind": "struct", "name": "rwbase_rt", "size": 16, "members": [
            {"name": "readers", "offset": 0, "type": 1}, {"name": "rtmutex", "offset": 64, "type": 4}]},
        {"kind": "struct", "name": "rw_semaphore", "size": 16, "members": [
            {"name": "rwbase", "offset": 0, "type": 5}]}
    ]);
    let semaphore = |readers: &str, owner: &str| {
        let owner = record(&[field("owner", &json!({"kind": "pointer", "address": owner}))]);
        record(&[field("rwbase", &record(&[field("readers", &counter(readers)), field("rtmutex", &owner)]))])
    };
    assert!(is_left_out(&types, semaphore("-2147483648", "0x0")));
    assert!(is_left_out(&types, semaphore("0", "0x0")), "never set up");
    assert!(!is_left_out(&types, semaphore("-2147483647", "0x0")), "one reader");
    assert!(!is_left_out(&types, semaphore("1073741824", "0x0")), "a writer");
    assert!(!is_left_out(&types, semaphore("-2147483648", "0xffff888003a2c000")));
}

#[test]
fn elements_are_named_and_each_place_once() {
    let types = json!([
        {"kind": "void"},
        {"kind": "pointer", "size": 8, "target": 0},
        {"kind": "array", "element": 1, "counts": [2, 2]}
    ]);
    let pointers = |address: &str| {
        let pointer = json!({"kind": "pointer", "address": address});
        let zero = json!({"kind": "pointer", "address": "0x0"});
        let row = json!({"kind": "array", "len": 2, "runs": [
            {"first": 0, "count": 1, "value": zero}, {"first": 1, "count": 1, "value": pointer}]});
        json!({"kind": "array", "len": 2, "runs": [{"first": 0, "count": 2, "value": row}]})
    };
    assert_eq!(refusal(&types, 32, &pointers("0x10")), "meter.c:v[0][1]: is a pointer");
    assert_eq!(
        refusal(&types, 32, &pointers("ten")),
        "meter.c:v[0][1]: the file contradicts itself: 'ten' is no address"
    );
}

#[test]
fn values_that_contradict_their_types() {
    let int4 = int(4, 5);
    let contradiction = |types: &Value, size, value: &Value| {
        refusal(types, size, value).replace("the file contradicts itself: ", "")
    };
    let text = json!({"kind": "text", "text": null, "bytes": "00", "terminated": true});
    assert_eq!(contradiction(&int4, 4, &text), "meter.c:v: a value of kind 'text' for a number");
    let chars = json!([
        {"kind": "number", "name": "char", "size": 1, "encoding": 6},
        {"kind": "array", "element": 0, "counts": [3]}
    ]);
    let text = |text: Option<&str>, digits: &str| json!({"kind": "text", "text": text, "bytes": digits, "terminated": true});
    assert_eq!(bytes(&chars, 3, &text(Some("hi"), "6869")), *b"hi\0");
    assert_eq!(
        contradiction(&chars, 3, &text(None, "6869ff7f")),
        "meter.c:v: the text has 4 bytes, its type 3"
    );
    assert_eq!(contradiction(&chars, 3, &text(Some("ho"), "6869")), "meter.c:v: text and bytes differ");
    assert_eq!(
        contradiction(&chars, 3, &text(None, "686")),
        "meter.c:v: its bytes are no hexadecimal digits"
    );
    assert_eq!(contradiction(&chars, 3, &text(None, "+1")), "meter.c:v: its bytes are no hexadecimal digits");

    let numbers = json!([int4[0].clone(), {"kind": "array", "element": 0, "counts": [4]}]);
    let array = |len: u64, runs: &[(u64, u64)]| {
        let run = |(first, count): &(u64, u64)| json!({"first": first, "count": count, "value": number("1")});
        let runs: Vec<Value> = runs.iter().map(run).collect();
        json!({"kind": "array", "len": len, "runs": runs})
    };
    assert_eq!(bytes(&numbers, 16, &array(4, &[(0, 1), (1, 3)])), [1, 0, 0, 0].repeat(4));
    assert_eq!(contradiction(&numbers, 16, &array(5, &[(0, 5)])), "meter.c:v: it has 5 elements, its type 4");
    for runs in [
        &[(0, 3)][..],
        &[(0, 2), (1, 3)],
        &[(1, 3), (0, 1)],
        &[(0, u64::MAX)],
        &[(0, 4), (4, u64::MAX)],
        &[(0, 0), (0, 4)],
        &[],
    ] {
        let refused = contradiction(&numbers, 16, &array(4, runs));
        assert_eq!(refused, "meter.c:v: the runs do not have 4 elements in order", "{runs:?}");
    }

    let union = json!([int4[0].clone(), {"kind": "union", "name": "u", "size": 4, "members": [
        {"name": "a", "offset": 0, "type": 0}, {"name": "b", "offset": 0, "type": 0}]}]);
    let members = |one: &str, two: &str| json!({"kind": "union", "fields": [field("a", &number(one)), field("b", &number(two))]});
    assert_eq!(bytes(&union, 4, &members("9", "9")), [9, 0, 0, 0]);
    let refused = contradiction(&union, 4, &members("9", "8"));
    assert_eq!(refused, "meter.c:v.b: it shares memory with another value and differs from it");
    // The same for elements that are only counted.
    let shared = json!([int4[0].clone(), {"kind": "array", "element": 0, "counts": [3]},
        {"kind": "struct", "name": "three", "size": 12, "members": [
            {"name": "x", "offset": 0, "type": 0}, {"name": "y", "offset": 32, "type": 0},
            {"name": "z", "offset": 64, "type": 0}]},
        {"kind": "union", "name": "u", "size": 12, "members": [
            {"name": "s", "offset": 0, "type": 2}, {"name": "a", "offset": 0, "type": 1}]}]);
    let both = |z: &str| {
        let three = record(&[field("x", &number("1")), field("y", &number("1")), field("z", &number(z))]);
        json!({"kind": "union", "fields": [field("s", &three), field("a", &array(3, &[(0, 3)]))]})
    };
    assert_eq!(bytes(&shared, 12, &both("1")), [1, 0, 0, 0].repeat(3));
    let refused = contradiction(&shared, 12, &both("2"));
    assert_eq!(refused, "meter.c:v.a: it shares memory with another value and differs from it");
    // Equal elements with gaps, and what another member has in the gaps.
    let gaps = json!([int4[0].clone(), {"kind": "struct", "name": "", "size": 8, "members": [
            {"name": "low", "offset": 0, "type": 0}]},
        {"kind": "array", "element": 0, "counts": [4]}, {"kind": "array", "element": 1, "counts": [2]},
        {"kind": "union", "name": "u", "size": 16, "members": [
            {"name": "all", "offset": 0, "type": 2}, {"name": "low", "offset": 0, "type": 3}]}]);
    let run = |first: u64, count: u64, value: &Value| json!({"first": first, "count": count, "value": value});
    let all: Vec<Value> =
        (0..).zip(["1", "7", "1", "8"]).map(|(first, text)| run(first, 1, &number(text))).collect();
    let low = run(0, 2, &record(&[field("low", &number("1"))]));
    let value = json!({"kind": "union", "fields": [
        field("all", &json!({"kind": "array", "len": 4, "runs": all})),
        field("low", &json!({"kind": "array", "len": 2, "runs": [low]}))]});
    assert_eq!(bytes(&gaps, 16, &value), [1, 7, 1, 8].map(|byte| [byte, 0, 0, 0]).concat());
    let refused = contradiction(&int(8, 4), 8, &number("3"));
    assert_eq!(refused, "meter.c:v: a value of kind 'number' for a floating-point number");
    let refused = contradiction(&union, 4, &json!({"kind": "union", "fields": [field("a", &number("1"))]}));
    assert_eq!(refused, "meter.c:v: union u has 2 fields, not 1");
    let values = json!([["OFF", "0"], ["BAD", "18446744073709551615"]]);
    let modes = json!([{"kind": "enum", "name": "mode", "size": 4, "values": values}]);
    let mode = |value: &str, name: &str| json!({"kind": "enum", "value": value, "names": [name]});
    assert_eq!(bytes(&modes, 4, &mode("-1", "BAD")), [0xff; 4]);
    assert_eq!(contradiction(&modes, 4, &mode("1", "OFF")), "meter.c:v: the value 1 is not OFF");
    let missing = json!({"kind": "missing", "why": "too many values"});
    assert_eq!(refusal(&int4, 4, &missing), "meter.c:v: was not saved: too many values");
}

#[test]
fn types_that_contradict_themselves() {
    // A structure in itself, members outside of it, sizes that overflow.
    let members = json!([{"name": "s", "offset": 0, "type": 0}]);
    let in_itself = json!([{"kind": "struct", "name": "s", "size": 8, "members": members}]);
    let mut deep = number("1");
    for _ in 0..20 {
        deep = record(&[field("s", &deep)]);
    }
    assert_eq!(refusal(&in_itself, 8, &deep), "meter.c:v: its type is not known");
    let outside = json!([int(4, 5)[0].clone(), {"kind": "struct", "name": "s", "size": 4, "members": [
        {"name": "far", "offset": u64::MAX, "type": 0}, {"name": "near", "offset": 16, "type": 0}]}]);
    let value = record(&[field("far", &number("1")), field("near", &number("1"))]);
    assert_eq!(
        refusal(&outside, 4, &value),
        "meter.c:v.far: the file contradicts itself: it lies outside of its variable; \
         meter.c:v.near: the file contradicts itself: it lies outside of its variable"
    );
    let huge = json!([int(4, 5)[0].clone(), {"kind": "array", "element": 0, "counts": [u64::MAX, u64::MAX]}]);
    assert_eq!(refusal(&huge, 4, &number("1")), "meter.c:v: its type is not known");
    // Each level has the next one twice: 2^60 values by type.
    let mut doubling = vec![json!({"kind": "number", "name": "int", "size": 0, "encoding": 5})];
    for level in 0..60 {
        doubling.push(json!({"kind": "struct", "name": "", "size": 0, "members": [
            {"name": "a", "offset": 0, "type": level}, {"name": "b", "offset": 0, "type": level}]}));
    }
    assert_eq!(refusal(&json!(doubling), 0, &record(&[])), "meter.c:v: its type is not known");
}

#[test]
fn files_that_are_something_else() {
    let what = |bytes: &[u8]| SavedFile::parse(bytes).unwrap_err().to_string();
    let text = |value: &Value| what(&serde_json::to_vec(value).unwrap());
    assert!(what(b"").starts_with("not what `modpersist save` writes: "));
    assert!(what(b"\xff\xfe").starts_with("not what `modpersist save` writes: "));
    let deep = format!("{{\"schema\": {}", "[".repeat(1 << 20));
    assert!(
        what(deep.as_bytes()).contains("recursion limit") || what(deep.as_bytes()).contains("invalid type")
    );
    let good = file(&int(4, 5), &[("v", 4, 0, number("1"))]);
    let changed = |path: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(path).unwrap() = value;
        text(&changed)
    };
    assert_eq!(changed("/schema", json!(2)), "made by a later version: schema 2, format 1");
    assert_eq!(changed("/saved/format", json!(9)), "made by a later version: schema 1, format 9");
    assert!(changed("/schema", json!(1e300)).contains("invalid"));
    assert!(changed("/owner", json!("../x\n")).ends_with("its owner cannot be the name of a module"));
    assert!(changed("/saved/types/0/size", json!(-4)).contains("invalid value"));
    let reference = json!({"kind": "pointer", "size": 8, "target": 1});
    assert!(changed("/saved/types/0", reference).ends_with("type 0: there is no type 1"));
    let twice = file(&int(4, 5), &[("v", 4, 0, number("1")), ("v", 4, 0, number("2"))]);
    assert!(text(&twice).ends_with("it has meter.c:v twice"));
    let large = file(&int(4, 5), &[("v", u64::MAX, 0, number("1")), ("w", u64::MAX, 0, number("2"))]);
    assert!(text(&large).ends_with("it has too many variables, or too large ones"));
    // `show --json` has no types.
    let mut shown = good.clone();
    shown.as_object_mut().unwrap().remove("saved");
    assert!(text(&shown).contains("missing field `saved`"));
    // What cannot be read is not parsed.
    assert!(SavedFile::read(std::path::Path::new("/dev/zero")).is_err());
    // Names are not looked at: whoever prints them escapes them.
    let odd = file(&int(4, 5), &[("v\u{1b}[2J\n", 4, 0, number("x"))]);
    let Err(error) = prepared(&odd, &[]) else { panic!() };
    assert!(error.to_string().contains("v\u{1b}[2J\n"), "{error}");
}
