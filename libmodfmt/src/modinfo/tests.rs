// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections read, changed and written.

use proptest::prelude::*;

use super::*;

const SECTION: &[u8] = b"\0parm=a:first\0\0\0license=GPL v2\0author=J\xf6rg=x\0retpoline=Y\0parm=b:second\0\
    odd\0depends=\0name=foo\0vermagic=6.1.0 SMP mod_unload \0\0";

#[test]
fn entries_come_in_order_and_as_bytes() {
    let info = Modinfo::parse(SECTION).unwrap();
    let keys: Vec<_> = info.iter().map(|entry| entry.key().to_vec()).collect();
    let expected: [&[u8]; 10] = [
        b"",
        b"parm",
        b"license",
        b"author",
        b"retpoline",
        b"parm",
        b"odd",
        b"depends",
        b"name",
        b"vermagic",
    ];
    assert_eq!(keys, expected);
    assert_eq!(info.get("author"), Some(&b"J\xf6rg=x"[..]));
    assert_eq!(info.text("author").as_deref(), Some("J\u{fffd}rg=x"));
    assert_eq!(info.all("parm").collect::<Vec<_>>(), [&b"a:first"[..], b"b:second"]);
    assert_eq!(info.name().as_deref(), Some("foo"));
    assert_eq!(info.license().as_deref(), Some("GPL v2"));
    assert_eq!(info.vermagic().as_deref(), Some("6.1.0 SMP mod_unload "));
    assert!(info.depends().is_empty());
    assert_eq!(info.get("odd"), None);
    assert_eq!(info.get("lic"), None);
}

#[test]
fn unchanged_bytes_survive() {
    let info = Modinfo::parse(SECTION).unwrap();
    assert_eq!(info.encode(), SECTION);
    let changed = info.without(&["parm", "odd"]).with("name", "bar").unwrap().encode();
    let expected = b"\0license=GPL v2\0author=J\xf6rg=x\0retpoline=Y\0depends=\0name=bar\0\
        vermagic=6.1.0 SMP mod_unload \0\0";
    assert_eq!(changed, expected);
}

#[test]
fn with_replaces_in_place_or_appends() {
    let info = Modinfo::parse(b"a=1\0b=2\0a=3\0c=4\0").unwrap();
    assert_eq!(info.clone().with("a", "5").unwrap().encode(), b"a=5\0b=2\0c=4\0");
    assert_eq!(info.clone().with("d", "").unwrap().encode(), b"a=1\0b=2\0a=3\0c=4\0d=\0");
    let mut info = info;
    info.push("b", "x=y").unwrap();
    assert_eq!(info.encode(), b"a=1\0b=2\0a=3\0c=4\0b=x=y\0");
}

#[test]
fn impossible_entries_are_refused() {
    let mut info = Modinfo::default();
    assert_eq!(info.push("", "x"), Err(ModinfoError::NoKey));
    assert!(matches!(info.push("a=b", "x"), Err(ModinfoError::Character { character: '=', .. })));
    assert!(info.push("a", "x\0y").is_err());
    assert!(info.push("a\0", "x").is_err());
    assert!(info.encode().is_empty());
}

#[test]
fn the_end_is_checked() {
    assert_eq!(Modinfo::parse(b"a=1\0b=2"), Err(ModinfoError::Unterminated { offset: 4 }));
    assert_eq!(Modinfo::parse(b"").unwrap().iter().count(), 0);
}

proptest! {
    #[test]
    fn no_input_panics_and_what_parses_is_written_back(section: Vec<u8>) {
        if let Ok(info) = Modinfo::parse(&section) {
            prop_assert_eq!(&info.encode(), &section);
            let _ = info.with("name", "x").unwrap().encode();
        }
    }
}
