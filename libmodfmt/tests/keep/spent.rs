// SPDX-License-Identifier: MIT OR Apache-2.0
//! Generations of which nothing is in force any more.

use libmodfmt::persist::{Grown, Header, KeptPlace, LaterChanges, Unit, Variable, spent_generations};

fn generation(number: u32, names: &[&str]) -> Header {
    let mut header = Header::new("foo");
    header.generation = number;
    for (ordinal, name) in names.iter().enumerate() {
        let mut unit = Unit::new(&format!(".data..persistent.foo.{ordinal}"), 8, 8);
        unit.room = 128;
        unit.variables.push(Variable::new(name, 0, 8, 8));
        header.units.push(unit);
    }
    header
}

const fn place(generation: u32, ordinal: u32) -> KeptPlace {
    KeptPlace { generation, ordinal, offset: 0 }
}

fn grown(place: KeptPlace, size: u64) -> Grown {
    Grown { place, size, type_name: None, type_id: None }
}

#[test]
fn a_generation_is_spent_when_all_of_it_was_replaced() {
    let first = generation(1, &["a", "b"]);
    let mut second = generation(2, &["a"]);
    second.replaced = vec![place(1, 0)];
    assert_eq!(spent_generations(&[&first, &second]), Vec::<u32>::new());
    let mut third = generation(3, &["a"]);
    third.replaced = vec![place(1, 0), place(2, 0)];
    assert_eq!(spent_generations(&[&first, &second, &third]), [2]);
    third.replaced.push(place(1, 1));
    assert_eq!(spent_generations(&[&first, &second, &third]), [1, 2]);
    assert_eq!(spent_generations(&[&first]), Vec::<u32>::new());
}

#[test]
fn what_it_says_of_grown_variables_counts() {
    let first = generation(1, &["a", "b"]);
    let mut second = generation(2, &[]);
    second.grown = vec![grown(place(1, 0), 16)];
    assert_eq!(spent_generations(&[&first, &second]), Vec::<u32>::new());
    let mut third = generation(3, &[]);
    third.grown = vec![grown(place(1, 1), 16)];
    assert_eq!(spent_generations(&[&first, &second, &third]), Vec::<u32>::new());
    third.grown.push(grown(place(1, 0), 24));
    assert_eq!(spent_generations(&[&first, &second, &third]), [2]);

    let headers = [&first, &second, &third];
    let later = LaterChanges::of(&headers);
    let variable = &first.units[0].variables[0];
    assert_eq!(later.now(place(1, 0), variable).size, 24);
    assert_eq!(later.now(place(2, 0), variable).size, 8);
    assert!(!later.is_replaced(place(1, 0)));
}
