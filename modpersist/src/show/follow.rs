// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects that lists, trees, pointers and per-CPU pointers in values lead to.
//!
//! What the module has made is followed, and what the kernel has made for it is shown as an object. Lists and
//! pointers in the kernel's own structures are not followed: from a device or a disk they lead to all others.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use libmodfmt::elf::Class;
use libmodfmt::pointers::{NodeWalk, Nodes};
use libmodfmt::types::{TypeId, Types, c_text, size_of};
use libmodfmt::values::{LinkMember, Located, Value, link_members};

use super::build::Build;
use super::find_starts::{FindStarts, Found, Start};
use super::kept::Kept;
use super::kernel_types::KernelRecords;
use super::memory::Memory;
use super::pointers::PointerNames;
use super::shown::{NOT_FOLLOWED, ShownChain, ShownObject};
use super::values;

/// Chains of one variable.
const MAX_CHAINS: usize = 1000;
/// Objects in all.
const MAX_OBJECTS: usize = 10_000;
/// Bytes of one object.
const MAX_OBJECT_BYTES: u64 = 64 << 10;
/// Types that the author names and that are looked at.
const MAX_HELD: usize = 256;
/// How many members are named that may link the entries.
const MAX_NAMED: usize = 4;

/// Follows pointers.
pub(super) struct Follow<'f> {
    kept: &'f Kept<'f>,
    memory: &'f Memory<'f>,
    names: &'f PointerNames<'f>,
    kernel_records: &'f KernelRecords,
    owner: &'f str,
    /// Entries of each list or tree, and objects of the pointers of each variable; 0 for per-CPU data only.
    limit: usize,
    /// Nodes and objects that are in a chain already.
    seen: HashSet<u64>,
    objects: usize,
    /// By index of the types and tag of the node: the members by which entries of lists may be linked.
    links: HashMap<(usize, &'static str), Vec<(TypeId, LinkMember)>>,
}

/// An object whose pointers are followed.
struct Origin {
    /// As C writes it.
    name: String,
    /// It is a pointer that leads to the object.
    is_behind: bool,
    address: u64,
    value: Value,
    /// The chain that it is in, by index; none for a variable.
    chain: Option<usize>,
}

/// A variable whose value is followed.
pub(super) struct Followed {
    pub(super) name: String,
    pub(super) address: u64,
    /// Index of its types in [`Kept::types`].
    pub(super) types: usize,
    pub(super) value: Value,
}

/// What one variable leads to.
struct Chains<'f> {
    types: &'f dyn Types,
    types_index: usize,
    chains: Vec<ShownChain>,
    /// Values that were not looked at yet.
    queue: VecDeque<Origin>,
    /// Pointers that were not followed yet: name, address, type of what they lead to.
    pointers: VecDeque<(String, u64, TypeId)>,
    pointers_left: usize,
}

impl<'f> Follow<'f> {
    pub(super) fn new(
        kept: &'f Kept<'f>,
        memory: &'f Memory<'f>,
        names: &'f PointerNames<'f>,
        kernel_records: &'f KernelRecords,
        (owner, limit): (&'f str, usize),
    ) -> Self {
        let (seen, links) = (HashSet::new(), HashMap::new());
        Self { kept, memory, names, kernel_records, owner, limit, seen, objects: 0, links }
    }

    /// The chains that begin in each of some variables, and those that begin in what they lead to.
    pub(super) fn all(&mut self, variables: Vec<Option<Followed>>) -> Vec<Vec<ShownChain>> {
        let mut all: Vec<Option<Chains<'_>>> = variables.into_iter().map(|one| self.begun(one?)).collect();
        // Any list_head that a pointer leads to may be a node of a list. So the lists of all variables come
        // first.
        for chains in all.iter_mut().flatten() {
            self.lists(chains);
        }
        for chains in all.iter_mut().flatten() {
            while let Some((from, address, target)) = chains.pointers.pop_front() {
                if chains.chains.len() >= MAX_CHAINS || self.objects >= MAX_OBJECTS {
                    break;
                }
                if let Some((chain, object)) =
                    self.pointer(chains.types, chains.pointers_left, &from, address, target)
                {
                    if let Some(value) = object {
                        chains.pointers_left = chains.pointers_left.saturating_sub(1);
                        let chain = Some(chains.chains.len());
                        chains.queue.push_back(Origin { name: from, is_behind: true, address, value, chain });
                    }
                    chains.chains.push(chain);
                }
                self.lists(chains);
            }
        }
        all.into_iter().map(|chains| chains.map_or_else(Vec::new, |chains| chains.chains)).collect()
    }

    fn begun(&self, variable: Followed) -> Option<Chains<'f>> {
        let Followed { name, address, types: types_index, value } = variable;
        let types = self.kept.types(types_index)?;
        let (chains, pointers, pointers_left) = (Vec::new(), VecDeque::new(), self.limit);
        let queue = VecDeque::from([Origin { name, is_behind: false, address, value, chain: None }]);
        Some(Chains { types, types_index, chains, queue, pointers, pointers_left })
    }

    /// The lists and trees in the values that were not looked at yet, and in their entries.
    fn lists(&mut self, chains: &mut Chains<'f>) {
        let memory = self.memory;
        let read = |address| memory.number(address, Class::NATIVE.word_size() as u64);
        while let Some(origin) = chains.queue.pop_front() {
            let mut find = FindStarts::new(chains.types, self.kernel_records, MAX_CHAINS);
            find.in_value(&origin.value, &mut origin.name.clone(), origin.is_behind, origin.chain.is_some());
            let mut passed_by = BTreeSet::new();
            for Found { from, start, bit_offset, of_kernel } in find.found {
                if chains.chains.len() >= MAX_CHAINS || self.objects >= MAX_OBJECTS {
                    return;
                }
                let at = origin.address.wrapping_add(bit_offset / 8);
                if let Some(tag) = of_kernel.filter(|_| !self.is_per_cpu(chains.types, &start)) {
                    let is_empty = matches!(start, Start::List(first) if first == at);
                    if self.limit > 0 && !is_empty && !start.is_null() {
                        passed_by.insert(tag);
                    }
                    continue;
                }
                let mut walk =
                    NodeWalk { class: Class::NATIVE, read: &read, limit: self.limit, seen: &mut self.seen };
                let (kind, tag, found) = match start {
                    Start::Pointer { address, target } => {
                        chains.pointers.push_back((from, address, target));
                        continue;
                    }
                    _ if self.limit == 0 => continue,
                    Start::List(first) => ("list", "list_head", walk.list(at, first)),
                    Start::Hlist(first) => ("hlist", "hlist_node", walk.hlist(first)),
                    Start::Tree(root) => ("tree", "rb_node", walk.tree(root)),
                };
                if let Some(found) = found {
                    let chain = self.entries(chains, new_chain(&from, kind), tag, found);
                    chains.chains.push(chain);
                }
            }
            say_passed_by(&mut chains.chains, &origin, &passed_by);
        }
    }

    fn is_per_cpu(&self, types: &dyn Types, start: &Start) -> bool {
        let Start::Pointer { address, target } = start else { return false };
        self.names.per_cpu_addresses(*address, Some((types, *target))).is_some()
    }

    fn pointer(
        &mut self,
        types: &dyn Types,
        pointers_left: usize,
        from: &str,
        address: u64,
        target: TypeId,
    ) -> Option<(ShownChain, Option<Value>)> {
        let size = size_of(types, target).filter(|size| (1..=MAX_OBJECT_BYTES).contains(size))?;
        let type_name = Some(c_text(types, target));
        if let Some(copies) = self.names.per_cpu_addresses(address, Some((types, target))) {
            let mut chain = ShownChain { type_name, ..new_chain(from, "per-cpu") };
            for (cpu, address) in copies {
                // What pointers in it lead to would be too much for each CPU.
                let (object, _) = self.object(types, address, target, size);
                chain.objects.push(ShownObject { cpu: Some(cpu), ..object });
            }
            return Some((chain, None));
        }
        // What is kept is shown as the variable that it is.
        if pointers_left == 0 || self.kept.find(address).is_some() || !self.seen.insert(address) {
            return None;
        }
        let (object, value) = self.object(types, address, target, size);
        // What is no address of the kernel is not worth a line: the value says so.
        value.as_ref()?;
        Some((ShownChain { type_name, objects: vec![object], ..new_chain(from, "pointer") }, value))
    }

    /// An object of a type at an address.
    fn object(
        &mut self,
        types: &dyn Types,
        address: u64,
        ty: TypeId,
        size: u64,
    ) -> (ShownObject, Option<Value>) {
        self.objects = self.objects.saturating_add(1);
        let value = values::read(types, Located::whole(ty), address, size, self.memory).ok();
        let build = Build { types, names: self.names, owner: self.owner };
        let shown = value.as_ref().map(|value| build.shown(value));
        let place = self.names.name(address, None, self.owner).map(|place| place.name);
        (ShownObject { address: format!("{address:#x}"), cpu: None, place, value: shown }, value)
    }

    /// The objects that have these nodes.
    fn entries(
        &mut self,
        chains: &mut Chains<'f>,
        mut chain: ShownChain,
        tag: &'static str,
        found: Nodes,
    ) -> ShownChain {
        let kept = self.kept;
        let is_kept = |node: u64| kept.find(node).is_some();
        let link = if found.nodes.iter().all(|node| is_kept(*node)) {
            None
        } else {
            self.link(chains, tag, &mut chain)
        };
        for (number, node) in found.nodes.into_iter().enumerate() {
            if self.objects >= MAX_OBJECTS {
                chain.notes.push("... (too many objects)".to_owned());
                break;
            }
            let typed = link.as_ref().filter(|_| !is_kept(node)).and_then(|(id, link)| {
                let size = size_of(chains.types, *id).filter(|size| (1..=MAX_OBJECT_BYTES).contains(size))?;
                Some((*id, node.checked_sub(link.offset)?, size))
            });
            let Some((id, address, size)) = typed else {
                // The entry that has it is unknown, or shown elsewhere.
                let place = self.names.name(node, None, self.owner).map(|place| place.name);
                chain.objects.push(ShownObject {
                    address: format!("{node:#x}"),
                    cpu: None,
                    place,
                    value: None,
                });
                continue;
            };
            // A pointer to it leads to nothing new.
            self.seen.insert(address);
            let (object, value) = self.object(chains.types, address, id, size);
            chain.objects.push(object);
            if let Some(value) = value {
                let name = format!("{}[{number}]", chain.from);
                // Of this chain, which is the next one.
                let number = Some(chains.chains.len());
                chains.queue.push_back(Origin { name, is_behind: true, address, value, chain: number });
            }
        }
        chain.notes.extend(found.note);
        chain
    }

    /// By which member of which type the entries are in a list: the author names the types.
    fn link(
        &mut self,
        chains: &Chains<'f>,
        tag: &'static str,
        chain: &mut ShownChain,
    ) -> Option<(TypeId, LinkMember)> {
        let types = chains.types;
        let held = self.kept.held(chains.types_index);
        let known = self.links.entry((chains.types_index, tag)).or_insert_with(|| {
            let links_of = |id: &TypeId| {
                let id = *id;
                link_members(types, id, tag).into_iter().map(move |link| (id, link))
            };
            held.iter().take(MAX_HELD).flat_map(links_of).collect()
        });
        match known.as_slice() {
            [(id, link)] => {
                (chain.type_name, chain.member) = (Some(c_text(types, *id)), Some(link.path.clone()));
                Some((*id, link.clone()))
            }
            [] => {
                let note = "the type of the entries is not known: PERSISTENT_HOLDS() in the source names it";
                chain.notes.push(note.to_owned());
                None
            }
            several => {
                let name =
                    |(id, link): &(TypeId, LinkMember)| format!("{}.{}", c_text(types, *id), link.path);
                let names: Vec<String> = several.iter().take(MAX_NAMED).map(name).collect();
                chain.notes.push(format!("the entries may be linked by any of {}", names.join(", ")));
                None
            }
        }
    }
}

fn new_chain(from: &str, kind: &str) -> ShownChain {
    let (from, kind) = (from.to_owned(), kind.to_owned());
    ShownChain { from, kind, type_name: None, member: None, objects: Vec::new(), notes: Vec::new() }
}

/// Says in which of the kernel's structures nothing was followed, at the chain that has the object.
fn say_passed_by(chains: &mut Vec<ShownChain>, origin: &Origin, passed_by: &BTreeSet<String>) {
    if passed_by.is_empty() {
        return;
    }
    let names: Vec<&str> = passed_by.iter().map(String::as_str).collect();
    let note = format!("not followed, because they are the kernel's own: {}", names.join(", "));
    match origin.chain.and_then(|number| chains.get_mut(number)) {
        Some(chain) if chain.notes.contains(&note) => {}
        Some(chain) => chain.notes.push(note),
        None => {
            let mut chain = new_chain(&origin.name, NOT_FOLLOWED);
            chain.notes.push(note);
            chains.push(chain);
        }
    }
}
