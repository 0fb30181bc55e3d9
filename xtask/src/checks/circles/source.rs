// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a module's source says about names: what it defines, what it imports, which modules it declares.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprLit, Item, ItemFn, ItemImpl, ItemMod, ItemUse, Lit, Meta, Path, UseTree, Visibility,
};

/// The names of one module.
#[derive(Debug, Default)]
pub struct Source {
    /// Types, functions, traits, constants and macros that it defines.
    pub items: BTreeSet<String>,
    /// What it imports.
    pub imports: Vec<Import>,
    /// The modules that it declares.
    pub modules: Vec<Declared>,
    /// Every identifier that occurs, for imports of `*`.
    pub words: BTreeSet<String>,
}

/// One name of a `use` declaration, or a path in code, which has the same effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The path, as it is written.
    pub path: Vec<String>,
    /// The name that it brings into scope; `None` for `*`.
    pub name: Option<String>,
    /// Whether it has a visibility, which makes it a re-export.
    pub exported: bool,
    /// Whether it is inside an item, so that the module's scope does not have the name.
    pub local: bool,
}

/// A `mod` declaration.
#[derive(Debug)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// The file that a `#[path]` names.
    pub path: Option<String>,
    /// What stands between its braces, if it has these.
    pub inline: Option<Source>,
}

impl Source {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self> {
        let file = syn::parse_file(text).context("cannot parse")?;
        let mut words = BTreeSet::new();
        let tokens: TokenStream = text.parse().map_err(|error| anyhow::anyhow!("cannot parse: {error}"))?;
        collect_words(tokens, &mut words);
        let mut source = Self::of_items(&file.items);
        source.words = words;
        Ok(source)
    }

    fn of_items(items: &[Item]) -> Self {
        let mut source = Self::default();
        for item in items {
            source.item(item);
        }
        source
    }

    fn item(&mut self, item: &Item) {
        let (attributes, name) = match item {
            Item::Const(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            Item::Static(item) => (&item.attrs, Some(&item.ident)),
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::TraitAlias(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Union(item) => (&item.attrs, Some(&item.ident)),
            Item::Impl(item) => (&item.attrs, None),
            Item::Mod(item) => return self.module(item),
            Item::Use(item) => return self.import(item, false),
            _ => return,
        };
        if is_for_tests(attributes) {
            return;
        }
        self.items.extend(name.map(ToString::to_string));
        let mut inner = Inner(self);
        inner.visit_item(item);
    }

    fn module(&mut self, item: &ItemMod) {
        if is_for_tests(&item.attrs) {
            return;
        }
        let inline = item.content.as_ref().map(|(_, items)| Self::of_items(items));
        self.modules.push(Declared { name: item.ident.to_string(), path: path_of(&item.attrs), inline });
    }

    fn import(&mut self, item: &ItemUse, local: bool) {
        if is_for_tests(&item.attrs) {
            return;
        }
        let exported = !matches!(item.vis, Visibility::Inherited);
        let mut flat = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut flat);
        self.imports.extend(flat.into_iter().map(|(path, name)| Import { path, name, exported, local }));
    }
}

/// Finds `use` declarations and paths in items.
struct Inner<'source>(&'source mut Source);

impl<'ast> Visit<'ast> for Inner<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.0.import(item, true);
    }

    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_path(&mut self, path: &'ast Path) {
        let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [_, .., last] = words.as_slice() {
            let name = Some(last.clone());
            self.0.imports.push(Import { path: words, name, exported: false, local: true });
        }
        visit::visit_path(self, path);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }
}

/// The paths of a tree of braces, each with the name that it brings into scope.
fn flatten(tree: &UseTree, prefix: &mut Vec<String>, out: &mut Vec<(Vec<String>, Option<String>)>) {
    let mut named = |last: String, name: String| {
        let mut path = prefix.clone();
        if last == "self" && !path.is_empty() {
            let own = path.last().cloned().unwrap_or_default();
            out.push((path, Some(if name == "self" { own } else { name })));
        } else {
            path.push(last);
            out.push((path, Some(name)));
        }
    };
    match tree {
        UseTree::Name(leaf) => named(leaf.ident.to_string(), leaf.ident.to_string()),
        UseTree::Rename(leaf) => named(leaf.ident.to_string(), leaf.rename.to_string()),
        UseTree::Glob(_) => out.push((prefix.clone(), None)),
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, out);
            prefix.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|item| flatten(item, prefix, out)),
    }
}

/// Whether an item is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return false };
        let mut words = BTreeSet::new();
        collect_words(list.tokens.clone(), &mut words);
        list.path.is_ident("cfg") && words.contains("test") && !words.contains("not")
    })
}

/// The file that `#[path = "..."]` names.
fn path_of(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

fn collect_words(tokens: TokenStream, words: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => {
                words.insert(word.to_string());
            }
            TokenTree::Group(group) => collect_words(group.stream(), words),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
