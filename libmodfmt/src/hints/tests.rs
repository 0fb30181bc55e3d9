// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hints as text.

use super::*;

fn of(section: &[u8]) -> Result<Renames, String> {
    let info = crate::modinfo::Modinfo::parse(section).unwrap();
    Renames::of(&info).map_err(|error| error.to_string())
}

#[test]
fn entries_of_modinfo() {
    let renames = of(b"name=meter\0persistent_renamed=my_meter.c:hits=my_meter.c:count\0\
        persistent_renamed=struct  meter.a=struct meter.b\0persistent_renamed=old.c:=new.c:\0\
        persistent_renamed=units.c:=elsewhere:\0\
        persistent_renamed=meter.c:total=util.c:sum\0")
    .unwrap();
    assert_eq!(renames.variable(Some("my-meter.c"), "hits"), Some("count"));
    assert_eq!(renames.variable(None, "hits"), Some("count"));
    assert_eq!(renames.variable(Some("other.c"), "hits"), None);
    assert_eq!(renames.field("struct meter", "x", "a"), Some("b"));
    assert_eq!(renames.file("old.c"), Some("new.c"));
    assert_eq!(renames.file("units.c"), Some("elsewhere"));
    assert_eq!(renames.variables[1].old_file.as_deref(), Some("meter.c"));
}

#[test]
fn a_hint_that_says_nothing_is_an_error() {
    for text in ["", "a", "a.c:x=", "=b", "a.c:=b", ":=:"] {
        let error = of(format!("persistent_renamed={text}\0").as_bytes()).unwrap_err();
        assert!(error.contains("does not say what was renamed"), "{error}");
    }
    let twice = of(b"persistent_renamed=a.c:=b.c:\0persistent_renamed=a.c:=d.c:\0").unwrap_err();
    assert_eq!(twice, "'a.c' was renamed twice: to 'b.c' and to 'd.c'");
}

#[test]
fn options() {
    let mut renames = Renames::default();
    for text in ["hits=count", "a.c:x=b.c:x", "struct meter.hits=count", "stats.n=m", "old.c=new.c"] {
        renames.add(text).unwrap();
    }
    assert_eq!(renames.variable(Some("any.c"), "hits"), Some("count"));
    assert_eq!(renames.variable(Some("b.c"), "x"), Some("x"));
    assert_eq!(renames.variables[1].old_file.as_deref(), Some("a.c"));
    assert_eq!(renames.field("struct meter", "v", "hits"), Some("count"));
    assert_eq!(renames.field("struct {...}", "stats", "n"), Some("m"));
    assert_eq!(renames.file("old.c"), Some("new.c"));
    for text in ["hits", "=x", "x="] {
        assert!(renames.add(text).is_err(), "{text}");
    }
}

#[test]
fn tags() {
    let renames = of(b"persistent_renamed=struct  owl=struct meter\0persistent_renamed=enum a=b\0").unwrap();
    assert_eq!(renames.tag("struct owl"), Some("struct meter"));
    assert_eq!(renames.tag("enum a"), Some("enum b"));
    assert_eq!(renames.tag("union owl"), None);
    assert_eq!(renames.reversed().tag("struct meter"), Some("struct owl"));
    for text in ["struct a=union b", "some a=some b", "x.c:struct a=struct b"] {
        assert!(of(format!("persistent_renamed={text}\0").as_bytes()).is_err(), "{text}");
    }
}
