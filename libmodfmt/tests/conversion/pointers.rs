// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pointers into variables that move, and to objects in other memory.

use libmodfmt::convert::{Decision, Move, Moves, Plan, Request, decide};
use libmodfmt::elf::{ByteOrder, Class};

use super::compiled::{NEW, OLD, Outcome, Said, Variable, carry, x};

fn plan(old: &Variable, new: &Variable) -> Plan {
    let mut request = Request::new("x", old.side(), new.side(), ByteOrder::Little, Class::Elf64);
    request.initial = &new.bytes;
    request.align = 64;
    match decide(&request).unwrap() {
        Decision::Converts(plan) => plan,
        other => panic!("{other:?}"),
    }
}

/// Puts words into a variable's bytes.
fn with(mut variable: Variable, words: &[(usize, u64)]) -> Variable {
    for (offset, word) in words {
        variable.bytes[*offset..*offset + 8].copy_from_slice(&word.to_le_bytes());
    }
    variable
}

fn word(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(bytes[offset..offset + 8].try_into().unwrap())
}

#[test]
fn pointers_to_fields_follow_them() {
    let old = "struct g { int i; long l; }; struct f { struct f *self; struct g *g; long *l; void *v; struct g a[2]; } x;";
    let new = "struct g { long n; long l; int i; }; struct f { char n[24]; struct g a[2]; struct f *self; struct g *g; long *l; void *v; } x;";
    let (old, new) = (x("gcc", old), x("gcc", new));
    // a[] is at 32; a[1] is at 48, and its l at 56.
    let old = with(old, &[(0, OLD), (8, OLD + 48), (16, OLD + 56), (24, OLD)]);
    let plan = plan(&old, &new);
    for new_address in [Some(NEW), None] {
        let own = Move { variable: "x", old_address: OLD, new_address, plan: &plan };
        let converted = plan.apply(&old.bytes, &new.bytes, 0, &Moves::new(vec![own], vec![])).unwrap();
        let found: Vec<_> =
            converted.pointers.iter().map(|p| (p.offset, p.target, p.target_offset)).collect();
        // Now a[] is at 24, with elements of 24 bytes.
        assert_eq!(found, [(72, 0, 0), (80, 0, 48), (88, 0, 56), (96, 0, 0)]);
        let base = new_address.unwrap_or(0);
        let address = |offset| if base == 0 { 0 } else { base + offset };
        let read: Vec<u64> = [72, 80, 88, 96].iter().map(|at| word(&converted.bytes, *at)).collect();
        assert_eq!(read, [address(0), address(48), address(56), address(0)]);
        assert!(
            converted.is_kept(72) && converted.is_kept(32) && !converted.is_kept(24) && !converted.is_kept(0)
        );
    }
}

#[test]
fn pointers_between_variables() {
    let old = "struct f { int a; long b; struct f *other; } x;";
    let new = "struct f { struct f *other; int n, a; long b; } x;";
    let (old, new) = (x("gcc", old), x("gcc", new));
    let (one, two) = (with(old.clone(), &[(16, OLD + 0x100 + 8)]), with(old, &[(16, OLD)]));
    let plan = plan(&one, &new);
    let at = |variable, distance| Move {
        variable,
        old_address: OLD + distance,
        new_address: Some(NEW + distance * 2),
        plan: &plan,
    };
    let moves = Moves::new(vec![at("one", 0), at("two", 0x100)], vec![]);
    // A pointer into the middle keeps its field.
    assert_eq!(word(&plan.apply(&one.bytes, &[], 0, &moves).unwrap().bytes, 0), NEW + 0x200 + 16);
    assert_eq!(word(&plan.apply(&two.bytes, &[], 1, &moves).unwrap().bytes, 0), NEW);
    // Out of all that moves, one is known to be checked by itself: its shape changed, and it is not.
    let elsewhere = with(one.clone(), &[(16, 0xffff_c900_0000_0000)]);
    let refused = plan.apply(&elsewhere.bytes, &[], 0, &moves).unwrap_err().to_string();
    assert_eq!(refused, "one.other: what it points to still has the old shape (struct f: member n is new)");
}

#[test]
fn nowhere_to_point_to() {
    let old = with(x("gcc", "struct f { int a; int b; int *p; long c; } x;"), &[(8, OLD + 4)]);
    let new = x("gcc", "struct f { long a2[3]; int *p; int a; long c; } x;");
    let mut request = Request::new("x", old.side(), new.side(), ByteOrder::Little, Class::Elf64);
    let drops = ["b".to_owned()];
    request.drops = &drops;
    let Decision::Converts(plan) = decide(&request).unwrap() else { panic!() };
    let own = Move { variable: "x", old_address: OLD, new_address: Some(NEW), plan: &plan };
    let moves = Moves::new(vec![own], vec![]);
    let refused = plan.apply(&old.bytes, &[], 0, &moves).unwrap_err().to_string();
    assert_eq!(refused, "x.p: points to offset 0x4 of x, where nothing is carried over");
    // An address where no pointer is.
    let number = with(old.clone(), &[(8, 0), (16, OLD + 1)]);
    let refused = plan.apply(&number.bytes, &[], 0, &moves).unwrap_err().to_string();
    assert_eq!(refused, "x+0x28: is no pointer, but holds an address in x, which has to move");
}

#[test]
fn objects_of_the_old_shape() {
    let old = x("gcc", "struct node { struct node *next; int v; } *x;");
    let new = x("gcc", "struct node { struct node *next; int v; long w; } *x;");
    let outcome = |old: &Variable| carry(old, &new, &Said::default());
    assert!(matches!(outcome(&old), Outcome::Same), "nothing is there");
    let used = with(old.clone(), &[(0, 0xffff_8880_1234_0000)]);
    let Outcome::Refused(text) = outcome(&used) else { panic!() };
    assert_eq!(text, "x: what it points to still has the old shape (struct node: member w is new)");
    // In a kept variable that is checked by itself.
    assert!(matches!(outcome(&with(old, &[(0, OLD)])), Outcome::Same));
}
