// SPDX-License-Identifier: MIT OR Apache-2.0
//! The JSON output, byte for byte, and its reference.
//!
//! `SNAPSHOTS=overwrite cargo test -p ksymoops` writes the expected output anew.

use std::collections::BTreeSet;

use ksymoops::render::Json;
use libmodfmt::journal::Journal;
use serde_json::Value;
use snapbox::{assert_data_eq, file};

use super::support::{MAILED, PAGE_FAULT, STALE, decoder, journal, rendered};

#[test]
fn json_is_one_object_a_report() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    let text = String::from_utf8(rendered(PAGE_FAULT, &decoder, Json)).unwrap();
    assert_eq!(text.lines().count(), 1);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["report"]["kind"], "page-fault");
    let persistent: Vec<_> =
        value["findings"].as_array().unwrap().iter().filter(|one| one["kind"] == "persistent").collect();
    assert_eq!(persistent[0]["hit"]["owner"], "meter");
    assert_eq!(persistent[0]["hit"]["variable"], "meter.c:stats");
}

/// Every byte: names, order and form of the fields.
#[test]
fn json_is_the_same_to_the_byte() {
    let loaded = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    assert_data_eq!(
        String::from_utf8(rendered(PAGE_FAULT, &loaded, Json)).unwrap(),
        file!["../../../tests/fixtures/logs/page_fault.json"].raw()
    );
    let unloaded = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, Some(1500)));
    assert_data_eq!(
        String::from_utf8(rendered(STALE, &unloaded, Json)).unwrap(),
        file!["../../../tests/fixtures/logs/stale_pointer.json"].raw()
    );
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("System.map");
    let text = "ffffffff81000000 T _stext\nffffffff81364000 T m_put\nffffffff813640f0 T next\n\
                ffffffff83000000 D table\nffffffff84000000 B _end\n";
    std::fs::write(&map, text).unwrap();
    let mut mapped = decoder(Journal::default());
    mapped.sources.system_map = Some(map.clone());
    mapped.sources.kaslr.option = Some(0);
    let log = "BUG: unable to handle page fault for address: ffffffff83000028\n\
               RIP: 0010:m_put+0x13/0xf0\n\
               Code: 90 90 90 90 <65> 48 8b 04 25 28 00 00 00 48 89 44 24 60\n\
               RAX: 0000000000000000 RBX: ffffffff83000008 RCX: 0000000000000000\n\
               FS:  00007f6f3b626700(0000) GS:ffffffff83000000(0000) knlGS:0000000000000000\n\
               Call Trace:\n m_put+0x67/0xf0\n other+0x1/0x2 [m]\n";
    let text = String::from_utf8(rendered(log.as_bytes(), &mapped, Json)).unwrap();
    let text = text.replace(map.to_str().unwrap(), "System.map");
    assert_data_eq!(text, file!["../../../tests/fixtures/logs/mapped.json"].raw());
}

/// Every field of the output is in the reference.
#[test]
fn json_is_as_documented() {
    fn names(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    found.insert(name.clone());
                    names(value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| names(item, found)),
            _ => {}
        }
    }
    let reference =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ksymoops-json.md")).unwrap();
    let mut found = BTreeSet::new();
    for log in [PAGE_FAULT, STALE, MAILED] {
        let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, Some(1500)));
        for line in rendered(log, &decoder, Json).split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
        {
            names(&serde_json::from_slice(line).unwrap(), &mut found);
        }
    }
    assert!(found.len() > 60, "{found:?}");
    let missing: Vec<_> = found
        .iter()
        .filter(|name| {
            !["start", "end", "task", "cpu"].contains(&name.as_str())
                && !reference.contains(&format!("`{name}`"))
        })
        .collect();
    assert_eq!(missing, Vec::<&String>::new());
}
