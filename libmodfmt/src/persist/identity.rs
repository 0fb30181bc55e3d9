// SPDX-License-Identifier: MIT OR Apache-2.0
//! The identity of a keeper that is made when its module is built.
//!
//! insmod compares variables before it binds a module. modprobe does not: it has only the names of symbols.
//! So these names depend on everything that is compared, and a module finds no keeper but one of equal layout
//! and types. Two builds that differ in code only agree.

use super::{Header, Unit, Variable};
use crate::fnv::Hash;

impl Header {
    /// Gives the header of a new generation its identity: a hash over units, variables, their types as far as
    /// they are known, and the identities of `kept`, the earlier generations.
    pub fn identify(&mut self, kept: &[&Self]) {
        let mut hash = Hash::new();
        for header in kept {
            hash.number(u64::from(header.generation));
            hash.number(header.identity);
        }
        hash.number(u64::from(self.generation));
        for unit in &self.units {
            add_unit(self, unit, &mut hash);
        }
        for grown in &self.grown {
            hash.number(u64::from(grown.place.generation));
            hash.number(u64::from(grown.place.ordinal));
            hash.number(grown.place.offset);
            hash.number(grown.size);
            hash.number(grown.type_id.map_or(0, |id| crate::types::layout_hash(&self.types, id)));
        }
        // 0 stands for none.
        self.identity = hash.finish().max(1);
    }
}

fn add_unit(header: &Header, unit: &Unit, hash: &mut Hash) {
    hash.text(&unit.section);
    for number in [unit.size, unit.room, unit.align, u64::from(unit.writable)] {
        hash.number(number);
    }
    for variable in &unit.variables {
        add_variable(header, variable, hash);
    }
}

fn add_variable(header: &Header, variable: &Variable, hash: &mut Hash) {
    hash.text(variable.file.as_deref().unwrap_or_default());
    hash.text(variable.function.as_deref().unwrap_or_default());
    hash.text(variable.plain_name());
    hash.number(variable.offset);
    hash.number(variable.size);
    hash.number(header.type_hash(variable).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: u64, name: &str) -> Header {
        let mut unit = Unit::new(".data..persistent.foo.0", 8, 8);
        unit.variables.push(Variable::new(name, 0, size, 8));
        let mut header = Header::new("foo");
        header.units.push(unit);
        header.identify(&[]);
        header
    }

    #[test]
    fn what_is_compared_makes_the_identity_and_nothing_else() {
        let first = header(8, "a");
        let mut other_build = header(8, "a");
        other_build.build_id = vec![7; 20];
        other_build.identify(&[]);
        assert_eq!(first.identity, other_build.identity);
        assert_ne!(first.identity, header(4, "a").identity);
        assert_ne!(first.identity, header(8, "b").identity);
        let mut later = Header { generation: 2, ..header(8, "a") };
        later.identify(&[&first]);
        let on_first = later.identity;
        later.identify(&[&header(8, "b")]);
        assert_ne!(on_first, later.identity);
    }
}
