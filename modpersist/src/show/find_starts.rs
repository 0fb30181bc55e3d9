// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where in a value lists, trees and other things begin that may be followed.

use libmodfmt::types::{TypeId, Types, size_of};
use libmodfmt::values::{Value, ValueKind};

use super::kernel_types::KernelRecords;

/// What may be followed.
pub(super) enum Start {
    List(u64),
    Hlist(u64),
    Tree(u64),
    Pointer { address: u64, target: TypeId },
}

impl Start {
    /// Whether it leads nowhere.
    pub(super) fn is_null(&self) -> bool {
        let (Self::List(address)
        | Self::Hlist(address)
        | Self::Tree(address)
        | Self::Pointer { address, .. }) = self;
        *address == 0
    }
}

/// One of them.
pub(super) struct Found {
    /// As C writes it.
    pub(super) from: String,
    pub(super) start: Start,
    /// Its place in the value, in bits.
    pub(super) bit_offset: u64,
    /// The structure of the kernel's that it is in, if it is in one: `struct gendisk`.
    pub(super) of_kernel: Option<String>,
}

/// Looks for them.
pub(super) struct FindStarts<'f> {
    types: &'f dyn Types,
    kernel_records: &'f KernelRecords,
    most: usize,
    pub(super) found: Vec<Found>,
}

impl<'f> FindStarts<'f> {
    pub(super) fn new(types: &'f dyn Types, kernel_records: &'f KernelRecords, most: usize) -> Self {
        Self { types, kernel_records, most, found: Vec::new() }
    }

    /// Those in a value that is called `name`. `is_behind`: a pointer of that name leads to it. `is_object`:
    /// it is no variable, and may be the kernel's own.
    pub(super) fn in_value(&mut self, value: &Value, name: &mut String, is_behind: bool, is_object: bool) {
        let of_kernel = if is_object { self.of_kernel(value.type_id) } else { None };
        self.find(value, name, is_behind, of_kernel.as_deref());
    }

    /// The name of a structure of the kernel's own that is not just a place for a link.
    fn of_kernel(&self, id: TypeId) -> Option<String> {
        let ty = self.types.get(id);
        let (kind, tag) = ty.tag().filter(|(_, tag)| !tag.is_empty())?;
        let is_link = matches!(
            tag,
            "list_head" | "hlist_head" | "hlist_node" | "rb_root" | "rb_root_cached" | "rb_node"
        );
        let is_kernels = !is_link && self.kernel_records.has(tag, size_of(self.types, id)?);
        is_kernels.then(|| format!("{} {tag}", kind.keyword()))
    }

    fn push(&mut self, name: &str, start: Start, value: &Value, of_kernel: Option<&str>) {
        let of_kernel = of_kernel.map(str::to_owned);
        self.found.push(Found { from: name.to_owned(), start, bit_offset: value.bit_offset, of_kernel });
    }

    fn find(&mut self, value: &Value, name: &mut String, is_behind: bool, of_kernel: Option<&str>) {
        if self.found.len() >= self.most {
            return;
        }
        match &value.kind {
            ValueKind::Record { fields, .. } => {
                let ty = self.types.get(value.type_id);
                let tag = ty.tag().map_or("", |(_, tag)| tag);
                let first = fields.first().and_then(|field| match &field.value.kind {
                    ValueKind::Pointer { address, .. } => Some(*address),
                    _ => None,
                });
                let start = match tag {
                    "list_head" => first.map(Start::List),
                    "hlist_head" => first.map(Start::Hlist),
                    "rb_root" => first.map(Start::Tree),
                    // They lead to what their head leads to.
                    "hlist_node" | "rb_node" => return,
                    _ => None,
                };
                if let Some(start) = start {
                    self.push(name, start, value, of_kernel);
                    return;
                }
                // The first node of a tree is in the tree as well.
                let is_followed = |name: &str| tag != "rb_root_cached" || name != "rb_leftmost";
                for field in fields.iter().filter(|field| is_followed(&field.name)) {
                    let length = name.len();
                    if !field.name.is_empty() {
                        name.push_str(if is_behind { "->" } else { "." });
                        name.push_str(&field.name);
                    }
                    // The outermost one is what a reader looks for.
                    let own = if of_kernel.is_none() { self.of_kernel(field.value.type_id) } else { None };
                    let of_kernel = of_kernel.or(own.as_deref());
                    self.find(&field.value, name, is_behind && field.name.is_empty(), of_kernel);
                    name.truncate(length);
                }
            }
            ValueKind::Array { runs, .. } => {
                for run in runs {
                    let length = name.len();
                    name.push_str(&format!("[{}]", run.first));
                    self.find(&run.value, name, false, of_kernel);
                    name.truncate(length);
                }
            }
            ValueKind::Pointer { address, target, is_code: false } if *address != 0 => {
                self.push(name, Start::Pointer { address: *address, target: *target }, value, of_kernel);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use libmodfmt::types::{Member, TagKind, Type, TypeTable};
    use libmodfmt::values::Located;

    use super::*;
    use crate::show::values::{Extent, of_bytes};

    fn record(table: &mut TypeTable, name: &str, members: &[(&str, TypeId)]) -> TypeId {
        let mut offset = 0;
        let mut fields = Vec::new();
        for (name, id) in members {
            let name = (*name).to_owned();
            fields.push(Member {
                name,
                bit_offset: offset * 8,
                bits: 0,
                type_id: *id,
                selected_by: Vec::new(),
            });
            offset += size_of(&*table, *id).unwrap();
        }
        let kind = TagKind::Struct;
        table.push(Type::Record { kind, name: name.to_owned(), size: offset, members: fields })
    }

    #[test]
    fn the_kernels_own_structures_are_told_from_the_modules() {
        let mut table = TypeTable::default();
        let void = table.push(Type::Void);
        let pointer = table.push(Type::Pointer { size: 8, target: void });
        let list = record(&mut table, "list_head", &[("next", pointer), ("prev", pointer)]);
        let kobject = record(&mut table, "kobject", &[("entry", list), ("parent", pointer)]);
        let mine = record(&mut table, "mine", &[("node", list), ("kobj", kobject), ("data", pointer)]);
        let known = [("list_head".to_owned(), 16), ("kobject".to_owned(), 24), ("mine".to_owned(), 8)];
        let kernel_records = KernelRecords::from_iter(known);
        let found = |id: TypeId, is_object: bool| -> Vec<(String, Option<String>)> {
            let bytes = vec![1; usize::try_from(size_of(&table, id).unwrap()).unwrap()];
            let value = of_bytes(&table, Located::whole(id), &bytes, &bytes, Extent::Overview);
            let mut find = FindStarts::new(&table, &kernel_records, 100);
            find.in_value(&value, &mut "x".to_owned(), true, is_object);
            find.found.into_iter().map(|found| (found.from, found.of_kernel)).collect()
        };
        let kernels = |name: &str| (name.to_owned(), Some("struct kobject".to_owned()));
        let own = |name: &str| (name.to_owned(), None);
        assert_eq!(
            found(mine, true),
            [own("x->node"), kernels("x->kobj.entry"), kernels("x->kobj.parent"), own("x->data")]
        );
        assert_eq!(found(kobject, true), [kernels("x->entry"), kernels("x->parent")]);
        assert_eq!(found(kobject, false), [own("x->entry"), own("x->parent")], "a variable of the module");
    }
}
