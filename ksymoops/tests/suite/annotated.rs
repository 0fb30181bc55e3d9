// SPDX-License-Identifier: MIT OR Apache-2.0
//! The annotated output, byte for byte.
//!
//! `SNAPSHOTS=overwrite cargo test -p ksymoops` writes the expected output anew.

use ksymoops::decode::Decoder;
use ksymoops::head::Searched;
use ksymoops::persistent::OwnerStatus;
use ksymoops::render::{Annotated, Look};
use libmodfmt::journal::{Entry, Journal, LoadedModule, Unload};
use snapbox::{assert_data_eq, file};

use super::support::{MAILED, PAGE_FAULT, STALE, annotated, decoder, journal, only, rendered};

fn as_printed(log: &[u8], decoder: &Decoder) -> String {
    String::from_utf8(rendered(log, decoder, Annotated::default())).unwrap()
}

#[test]
fn persistent_data_in_registers() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    assert_data_eq!(
        as_printed(PAGE_FAULT, &decoder),
        file!["../../../tests/fixtures/logs/page_fault.annotated"].raw()
    );
}

#[test]
fn a_stale_pointer() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, Some(1500)));
    let text = annotated(STALE, &decoder);
    assert!(text.contains("not loaded then"), "{text}");
    assert_data_eq!(
        as_printed(STALE, &decoder),
        file!["../../../tests/fixtures/logs/stale_pointer.annotated"].raw()
    );
}

#[test]
fn a_pointer_into_discarded_data() {
    let log = String::from_utf8(STALE.to_vec()).unwrap().replace(" meter__persist(OE)", "");
    let mut dropped = journal("b-1", 0xffff_ffff_c0a0_2000, Some(1500));
    let gone = |name: &str| {
        Entry::Unload(Unload { boot: "b-1".into(), name: name.into(), at: 1500, ..Unload::default() })
    };
    dropped.entries.push(gone("meter__persist"));
    let text = annotated(log.as_bytes(), &decoder(dropped.clone()));
    assert!(text.contains("meter not loaded then, its data dropped before; by the journal"), "{text}");
    // What another module has there now is not the discarded data.
    let later = LoadedModule {
        boot: "b-1".into(),
        name: "holder".into(),
        base: Some(0xffff_ffff_c0a0_2000),
        at: 1600,
        ..LoadedModule::default()
    };
    dropped.entries.push(Entry::Module(later));
    let text = annotated(log.as_bytes(), &decoder(dropped));
    assert!(text.contains("boot b-1") && !text.contains("persistent data of"), "{text}");
}

#[test]
fn whether_the_owner_was_loaded() {
    let loaded = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    assert!(annotated(PAGE_FAULT, &loaded).contains(OwnerStatus::Loaded.text()));
    let coming = String::from_utf8(PAGE_FAULT.to_vec()).unwrap().replace("meter(OE)", "meter(OE+)");
    assert!(annotated(coming.as_bytes(), &loaded).contains(OwnerStatus::Loading.text()));
}

#[test]
fn without_a_terminal_every_byte_is_kept_and_on_one_control_characters_are_shown() {
    let decoder = decoder(Journal::default());
    let kept = rendered(MAILED, &decoder, Annotated::default());
    let own = |line: &&[u8]| !line.starts_with(b"  ;; ");
    let kept: Vec<u8> = kept.split_inclusive(|&byte| byte == b'\n').filter(own).flatten().copied().collect();
    assert_eq!(kept, MAILED);
    let shown = rendered(
        MAILED,
        &decoder,
        Annotated::new(Look { terminal: true, ..Look::default() }, Searched::default()),
    );
    assert!(!shown.contains(&0x1b) && !shown.contains(&0));
}

#[test]
fn annotated_output_can_be_decoded_again() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    let once = annotated(PAGE_FAULT, &decoder);
    let (first, again) = (only(PAGE_FAULT), only(once.as_bytes()));
    assert_eq!((first.frames.len(), first.words.len()), (again.frames.len(), again.words.len()));
    assert_eq!(first.states.len(), again.states.len());
}

#[test]
fn operands_with_a_segment_use_its_base() {
    // mov %gs:0x28,%rax
    let log = "BUG: unable to handle page fault for address: ffff888237c80028\n\
               RIP: 0010:vfs_read+0x13/0x310\n\
               Code: 90 90 90 90 <65> 48 8b 04 25 28 00 00 00 48 89 44 24 60\n\
               RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000\n\
               FS:  00007f6f3b626700(0000) GS:ffff888237c80000(0000) knlGS:0000000000000000\n";
    let text = annotated(log.as_bytes(), &decoder(Journal::default()));
    let line =
        "reads 8 bytes at %gs:0x28 = 0xffff888237c80028 (gs_base=0xffff888237c80000): the fault address\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_code_line_that_was_cut_is_not_disassembled() {
    let log = b"BUG: x\nRIP: 0010:f+0x1/0x2\nCode: 48 8b <4\n";
    let text = annotated(log, &decoder(Journal::default()));
    assert!(text.contains(";; code unknown: no byte is marked") && !text.contains("->"), "{text}");
}
