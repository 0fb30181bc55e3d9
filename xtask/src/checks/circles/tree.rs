// SPDX-License-Identifier: MIT OR Apache-2.0
//! The modules of a crate, found from its first file by their `mod` declarations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::source::{Declared, Source};

/// The files and modules of a crate. The first module is its root.
#[derive(Debug, Default)]
pub struct Tree {
    /// Paths relative to the folder of the root.
    pub files: Vec<String>,
    /// The modules, parents before children.
    pub modules: Vec<Module>,
}

/// One module.
#[derive(Debug)]
pub struct Module {
    /// Its file, as an index.
    pub file: usize,
    /// The module that declares it, as an index.
    pub parent: Option<usize>,
    /// The modules that it declares.
    pub children: BTreeMap<String, usize>,
    /// Its names.
    pub source: Source,
}

/// Reads a file; `None` if there is none.
type Read<'read> = &'read dyn Fn(&Path) -> Result<Option<String>>;

impl Tree {
    /// Reads a crate from its first file, usually `src/lib.rs`.
    pub fn load(root: &Path, read: Read<'_>) -> Result<Self> {
        let folder = root.parent().unwrap_or(Path::new(""));
        let mut loader = Loader { tree: Self::default(), folder: folder.to_owned(), read };
        let text = read(root)?.with_context(|| format!("no file {}", root.display()))?;
        loader.file(root, folder, &text, None)?;
        Ok(loader.tree)
    }

    /// Whether `module` is `ancestor` or lies below it.
    pub fn is_within(&self, module: usize, ancestor: usize) -> bool {
        let mut current = Some(module);
        while let Some(id) = current {
            if id == ancestor {
                return true;
            }
            current = self.modules.get(id).and_then(|module| module.parent);
        }
        false
    }
}

struct Loader<'read> {
    tree: Tree,
    folder: PathBuf,
    read: Read<'read>,
}

impl Loader<'_> {
    /// Adds a file's module; `below` is where those that it declares are.
    fn file(&mut self, path: &Path, below: &Path, text: &str, parent: Option<usize>) -> Result<usize> {
        let source = Source::parse(text).with_context(|| path.display().to_string())?;
        let name = path.strip_prefix(&self.folder).unwrap_or(path);
        self.tree.files.push(name.display().to_string());
        let file = self.tree.files.len().saturating_sub(1);
        self.module(file, path, below, source, parent)
    }

    fn module(
        &mut self,
        file: usize,
        path: &Path,
        below: &Path,
        mut source: Source,
        parent: Option<usize>,
    ) -> Result<usize> {
        let declared = std::mem::take(&mut source.modules);
        let id = self.tree.modules.len();
        self.tree.modules.push(Module { file, parent, children: BTreeMap::new(), source });
        for Declared { name, path: given, inline } in declared {
            let child = match inline {
                Some(inline) => self.module(file, path, &below.join(&name), inline, Some(id))?,
                None => self.declared(&name, given.as_deref(), path, below, id)?,
            };
            if let Some(module) = self.tree.modules.get_mut(id) {
                module.children.insert(name, child);
            }
        }
        Ok(id)
    }

    /// A module in a file of its own.
    fn declared(
        &mut self,
        name: &str,
        given: Option<&str>,
        by: &Path,
        below: &Path,
        parent: usize,
    ) -> Result<usize> {
        if let Some(given) = given {
            let path = by.parent().unwrap_or(Path::new("")).join(given);
            let text = (self.read)(&path)?.with_context(|| format!("no file {}", path.display()))?;
            let below = path.parent().unwrap_or(Path::new("")).to_owned();
            return self.file(&path, &below, &text, Some(parent));
        }
        let inner = below.join(name);
        for path in [below.join(format!("{name}.rs")), inner.join("mod.rs")] {
            if let Some(text) = (self.read)(&path)? {
                return self.file(&path, &inner, &text, Some(parent));
            }
        }
        anyhow::bail!("{}: no file for `mod {name}`", by.display())
    }
}
