// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blobs of which only the beginning is read.

use std::convert::Infallible;

use proptest::prelude::*;

use super::blob::Blob;
use crate::btf::prefix::search_from;
use crate::btf::{Btf, search_prefix};
use crate::elf::ByteOrder;

/// What a search of `blob` finds, and how many bytes it has read.
fn found<T>(
    blob: &[u8],
    first_piece: usize,
    search: impl FnMut(&Btf<'_>) -> Option<T>,
) -> (Option<T>, usize) {
    let mut bytes_read = 0;
    let read = |offset: u64, length: usize, into: &mut Vec<u8>| {
        let rest = blob.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let piece = &rest[..length.min(rest.len())];
        into.extend_from_slice(piece);
        bytes_read += piece.len();
        Ok::<(), Infallible>(())
    };
    let Ok(found) = search_from(first_piece, read, search);
    (found, bytes_read)
}

/// What is wanted of a structure: its size and where a member is.
fn member(btf: &Btf<'_>, name: &str, member: &str) -> Option<(u64, Option<u64>)> {
    let id = btf.find_struct(name)?;
    let place = btf.member(id, member).ok()?.and_then(|member| member.byte_offset());
    Some((btf.size_of(id).ok()?, place))
}

/// So many types that nobody asks for.
fn others(blob: &mut Blob, count: usize) {
    for number in 0..count {
        blob.structure(&format!("other_{number}"), 8, &[]);
    }
}

/// `struct module` with `other` types before and behind it.
fn blob(order: ByteOrder, before: usize, behind: usize) -> Vec<u8> {
    let mut blob = Blob::new(order);
    let long = blob.int("long int", 8, true);
    blob.structure("module_kobject", 8, &[("mod", long, 0)]);
    others(&mut blob, before);
    let inner = blob.structure("", 16, &[("inner", long, 8)]);
    blob.structure("module", 64, &[("state", long, 0), ("", inner, 32), ("name", long, 8)]);
    others(&mut blob, behind);
    blob.finish()
}

#[test]
fn only_the_beginning_is_read() {
    let blob = blob(ByteOrder::Little, 10, 100_000);
    let search = |btf: &Btf<'_>| member(btf, "module", "inner");
    let (found, read) = found(&blob, 32 << 10, search);
    assert_eq!(found, Some((64, Some(40))));
    assert_eq!(read, 24 + (64 << 10));
    assert!(blob.len() > 20 * read);
}

#[test]
fn what_is_nowhere_is_searched_in_all_of_it_once() {
    let blob = blob(ByteOrder::Big, 1000, 1000);
    let (found, read) = found(&blob, 100, |btf| btf.find_struct("nothing"));
    assert_eq!((found, read), (None, blob.len()));
}

#[test]
fn damaged_blobs_have_nothing() {
    let good = blob(ByteOrder::Little, 3, 3);
    let sizes = |blob: &[u8]| found(blob, 16, |btf| member(btf, "module", "name")).0;
    assert_eq!(sizes(&good), Some((64, Some(8))));
    // Cut off before the strings that are needed.
    for length in 0..good.len() / 2 {
        assert_eq!(sizes(&good[..length]), None, "{length}");
    }
    // A kind that is not known, before and behind what is wanted.
    let mut odd = good.clone();
    odd[24 + 7] = 31;
    assert_eq!(sizes(&odd), None);
    // The strings do not begin with the empty one.
    let mut odd = good;
    let strings = odd.len() - usize::try_from(u32::from_le_bytes(odd[20..24].try_into().unwrap())).unwrap();
    odd[strings] = b'x';
    assert_eq!(sizes(&odd), None);
}

#[test]
fn errors_are_handed_on() {
    let blob = blob(ByteOrder::Little, 100, 100);
    let mut calls = 0;
    let mut search = |failing: usize| {
        calls = 0;
        let read = |offset: u64, length: usize, into: &mut Vec<u8>| {
            calls += 1;
            into.extend(blob.iter().skip(usize::try_from(offset).unwrap()).take(length));
            if calls == failing { Err(failing) } else { Ok(()) }
        };
        search_from(1000, read, |btf| btf.find_struct("nothing"))
    };
    for failing in 1..6 {
        assert_eq!(search(failing), Err(failing));
    }
    let none = search_prefix(|_, _, _| Ok::<(), Infallible>(()), |btf| btf.find_struct("module"));
    assert_eq!(none, Ok(None));
}

proptest! {
    #[test]
    fn pieces_of_any_size_lead_to_the_same(
        first_piece in 1_usize..2000,
        before in 0_usize..60,
        behind in 0_usize..60,
        big: bool,
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let blob = blob(order, before, behind);
        let whole = Btf::parse(&blob).unwrap();
        for name in ["module", "module_kobject", "other_7", "mod"] {
            for field in ["inner", "name", "state", "mod", "nothing"] {
                let expected = member(&whole, name, field);
                prop_assert_eq!(found(&blob, first_piece, |btf| member(btf, name, field)).0, expected);
            }
        }
        let (size, _) = found(&blob, first_piece, |btf| btf.pointer_size());
        prop_assert_eq!(size, Some(8));
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, first_piece in 1_usize..100) {
        let headed = [&[0x9f, 0xeb, 1, 0, 24, 0, 0, 0][..], &bytes].concat();
        for blob in [&bytes, &headed] {
            found(blob, first_piece, |btf| btf.find_struct("module"));
        }
    }
}
