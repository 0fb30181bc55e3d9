// SPDX-License-Identifier: MIT OR Apache-2.0
//! The identity of a keeper that is made when its module is built.
//!
//! insmod compares variables before it binds a module. modprobe does not: it has only the names of symbols.
//! So these names depend on everything that is compared, and a module finds no keeper but one of equal layout
//! and types. Two builds that differ in code only agree.

use super::{Header, Unit, Variable};
use crate::fnv::Hash;
use crate::types::TypeId;

impl Header {
    /// Gives the header of a new generation its identity: a hash over units, variables and all types that
    /// these lead to or that are held behind them, in full, and over the identities of `kept`, the earlier
    /// generations. Where a type is not known, nobody can say that another build has the same: then the
    /// identity is that of this very build, by its build id.
    pub fn identify(&mut self, kept: &[&Self]) {
        let mut hash = Hash::new();
        for header in kept {
            hash.number(u64::from(header.generation));
            hash.number(header.identity);
        }
        hash.number(u64::from(self.generation));
        for unit in &self.units {
            add_unit(unit, &mut hash);
        }
        for grown in &self.grown {
            hash.number(u64::from(grown.place.generation));
            hash.number(u64::from(grown.place.ordinal));
            hash.number(grown.place.offset);
            hash.number(grown.size);
        }
        // In an order that does not depend on where else in the source a type is used.
        let (types, roots) = self.types.minimized(&self.type_roots().flatten().collect::<Vec<_>>());
        for root in roots.iter().chain(types.held()) {
            hash.number(u64::from(root.0));
        }
        hash.bytes(&types.to_bytes());
        if !self.has_all_types() {
            hash.bytes(&self.build_id);
        }
        // 0 stands for none.
        self.identity = hash.finish().max(1);
    }

    /// Whether the types of all its variables are known.
    #[must_use]
    pub fn has_all_types(&self) -> bool {
        self.type_roots().all(|root| root.is_some())
    }

    fn type_roots(&self) -> impl Iterator<Item = Option<TypeId>> {
        let variables = self.units.iter().flat_map(|unit| &unit.variables).map(|variable| variable.type_id);
        variables.chain(self.grown.iter().map(|grown| grown.type_id))
    }
}

fn add_unit(unit: &Unit, hash: &mut Hash) {
    hash.text(&unit.section);
    for number in [unit.size, unit.room, unit.align, u64::from(unit.writable)] {
        hash.number(number);
    }
    for variable in &unit.variables {
        add_variable(variable, hash);
    }
}

fn add_variable(variable: &Variable, hash: &mut Hash) {
    hash.text(variable.file.as_deref().unwrap_or_default());
    hash.text(variable.function.as_deref().unwrap_or_default());
    hash.text(variable.plain_name());
    hash.number(variable.offset);
    hash.number(variable.size);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{TagKind, Type, TypeTable};

    fn header(size: u64, name: &str) -> Header {
        let mut unit = Unit::new(".data..persistent.foo.0", 8, 8);
        unit.variables.push(Variable::new(name, 0, size, 8));
        let mut header = Header::new("foo");
        header.units.push(unit);
        header.identify(&[]);
        header
    }

    /// One pointer of this type, and a type that is held.
    fn typed(target: Type, held: u64) -> Header {
        let mut header = header(8, "a");
        let mut types = TypeTable::default();
        let mut pointer = types.push(target);
        for _ in 0..4 {
            pointer = types.push(Type::Pointer { size: 8, target: pointer });
        }
        let record =
            Type::Record { kind: TagKind::Struct, name: "item".into(), size: held, members: Vec::new() };
        let record = types.push(record);
        types.set_held(vec![record]);
        header.types = types;
        header.units[0].variables[0].type_id = Some(pointer);
        header.identify(&[]);
        header
    }

    #[test]
    fn what_is_compared_makes_the_identity_and_nothing_else() {
        let number =
            |signed| Type::Number { name: "int".into(), size: 4, encoding: if signed { 5 } else { 7 } };
        let first = typed(number(true), 16);
        let mut other_build = first.clone();
        other_build.build_id = vec![7; 20];
        other_build.identify(&[]);
        assert_eq!(first.identity, other_build.identity);
        assert_ne!(first.identity, header(4, "a").identity);
        assert_ne!(first.identity, header(8, "b").identity);
        assert_ne!(first.identity, typed(number(false), 16).identity, "behind four pointers");
        assert_ne!(first.identity, typed(number(true), 24).identity, "held");
        let mut later = Header { generation: 2, ..header(8, "a") };
        later.identify(&[&first]);
        let on_first = later.identity;
        later.identify(&[&header(8, "b")]);
        assert_ne!(on_first, later.identity);
    }

    #[test]
    fn without_types_each_build_is_another() {
        let (first, mut other_build) = (header(8, "a"), header(8, "a"));
        assert!(!first.has_all_types());
        other_build.build_id = vec![7; 20];
        other_build.identify(&[]);
        assert_ne!(first.identity, other_build.identity);
    }
}
