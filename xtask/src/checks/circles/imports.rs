// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which file imports from which, by the files that define the names.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Import;
use super::tree::{Module, Tree};

/// For each file those that it imports from, with the names.
pub type Imports = BTreeMap<usize, BTreeMap<usize, BTreeSet<String>>>;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// A module of the crate.
    Module(usize),
    /// An item, by the module that defines it and the name that it has there.
    Item(usize, String),
    /// Something of another crate.
    External,
}

/// Names that are being looked up, with their modules: re-exports may go in a circle, too.
type Pending = BTreeSet<(usize, String)>;

/// Follows the imports of every module.
pub fn between_files(tree: &Tree) -> Imports {
    let mut imports = Imports::new();
    for (id, module) in tree.modules.iter().enumerate() {
        for import in &module.source.imports {
            for target in targets(tree, id, import) {
                let (to, name) = match target {
                    Target::Module(to) => (to, import.path.join("::")),
                    Target::Item(to, name) => (to, name),
                    Target::External => continue,
                };
                let re_exports_child = import.exported && tree.is_within(to, id);
                let Some(to) = tree.modules.get(to).map(|module| module.file) else { continue };
                if to != module.file && !re_exports_child && !name.ends_with("Error") {
                    imports.entry(module.file).or_default().entry(to).or_default().insert(name);
                }
            }
        }
    }
    imports
}

/// Everything that one import brings into the file.
fn targets(tree: &Tree, from: usize, import: &Import) -> Vec<Target> {
    let direct = resolve(tree, from, &import.path, &mut Pending::new());
    if import.name.is_some() {
        return direct;
    }
    let mut found = Vec::new();
    for target in direct {
        let Target::Module(module) = target else {
            found.push(target);
            continue;
        };
        // Only what the file mentions, or, if it seems to mention nothing, the module itself.
        let before = found.len();
        for word in words(tree, from) {
            let named = lookup(tree, module, word, &mut Pending::new());
            found.extend(named.into_iter().filter(|target| *target != Target::External));
        }
        if found.len() == before {
            found.push(Target::Module(module));
        }
    }
    found
}

/// The identifiers of the module's file.
fn words(tree: &Tree, module: usize) -> impl Iterator<Item = &String> {
    let file = tree.modules.get(module).map(|module| module.file);
    tree.modules
        .iter()
        .filter(move |module| Some(module.file) == file)
        .flat_map(|module| &module.source.words)
}

/// What a path means in a module.
fn resolve(tree: &Tree, from: usize, path: &[String], pending: &mut Pending) -> Vec<Target> {
    let Some((first, rest)) = path.split_first() else { return Vec::new() };
    let mut current = match first.as_str() {
        "crate" => vec![Target::Module(0)],
        "self" => vec![Target::Module(from)],
        "super" => vec![parent(tree, from)],
        // Another crate, unless the scope has the name.
        name => lookup(tree, from, name, pending),
    };
    for name in rest {
        current = current
            .into_iter()
            .flat_map(|target| match target {
                Target::Module(module) if name == "super" => vec![parent(tree, module)],
                Target::Module(module) if name == "self" => vec![Target::Module(module)],
                Target::Module(module) => match lookup(tree, module, name, pending) {
                    // Made by a macro.
                    found if found.is_empty() => vec![Target::Item(module, name.clone())],
                    found => found,
                },
                // A variant or an associated item.
                other => vec![other],
            })
            .collect();
    }
    current
}

fn parent(tree: &Tree, module: usize) -> Target {
    let parent = tree.modules.get(module).and_then(|module| module.parent);
    parent.map_or(Target::External, Target::Module)
}

/// What a name means in a module: all of it, as a module and a function may share one.
fn lookup(tree: &Tree, module: usize, name: &str, pending: &mut Pending) -> Vec<Target> {
    let Some(Module { children, source, .. }) = tree.modules.get(module) else { return Vec::new() };
    if !pending.insert((module, name.to_owned())) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if source.items.contains(name) {
        found.push(Target::Item(module, name.to_owned()));
    }
    found.extend(children.get(name).map(|child| Target::Module(*child)));
    let imports = || source.imports.iter().filter(|import| !import.local);
    for import in imports().filter(|import| import.name.as_deref() == Some(name)) {
        // The name of another crate stands for itself.
        match resolve(tree, module, &import.path, pending) {
            leads if leads.is_empty() => found.push(Target::External),
            leads => found.extend(leads),
        }
    }
    if found.is_empty() {
        for import in imports().filter(|import| import.name.is_none()) {
            for target in resolve(tree, module, &import.path, pending) {
                if let Target::Module(through) = target {
                    found.extend(lookup(tree, through, name, pending));
                }
            }
        }
    }
    pending.remove(&(module, name.to_owned()));
    found
}
