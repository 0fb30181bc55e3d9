// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parameters that a module is given again.
//!
//! Where insmod has recorded the load, these are the parameters of that load, with the values that have been
//! written since. Else they are all values that the kernel shows; those that it does not show are lost.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

use insmod::ParameterWord;
use libmodfmt::module::Module;
use libmodfmt::parameters::{self, Parameter};
use libmodsys::Kernel;
use modrecord::Paths;
use modrecord::loaded_images::LoadedImage;
use modrecord::parameters::word_for_kernel;

/// What the kernel shows of a string that is not set.
const NOT_SET: &[u8] = b"(null)";

/// The parameters of a loaded module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LoadedParameters {
    pub words: Vec<ParameterWord>,
    /// Parameters of which the value is not known, or cannot be passed.
    pub lost: Vec<String>,
}

impl LoadedParameters {
    /// Those of a module. `file` is its file or, if that is not known, the one that is to be loaded.
    pub fn read(kernel: &dyn Kernel, paths: &Paths, name: &str, file: Option<&Module<'_>>) -> Self {
        let values = kernel.parameters(name).unwrap_or_default();
        let table = table(file);
        match LoadedImage::of_loaded(kernel, name, paths) {
            Some(image) => Self::recorded(&image, &values, &table),
            None => Self::shown(&values, &table),
        }
    }

    /// Those in a line for the kernel.
    pub fn of_line(params: &CStr) -> Self {
        Self { words: ParameterWord::all(params.to_bytes()), lost: Vec::new() }
    }

    /// The recorded ones, with the values that root has changed by now. What only the module changes is a
    /// matter of its own.
    fn recorded(image: &LoadedImage, values: &BTreeMap<String, Vec<u8>>, table: &Table) -> Self {
        let mut found = Self { words: ParameterWord::all(&image.params), lost: Vec::new() };
        for (name, value) in values {
            let is_writable = table.get(&in_words(name)).is_some_and(|parameter| parameter.is_writable);
            if is_writable && image.values.get(name) != Some(value) {
                found.words.retain(|word| word.name != in_words(name));
                found.push(name, value);
            }
        }
        found
    }

    /// All that the kernel shows.
    fn shown(values: &BTreeMap<String, Vec<u8>>, table: &Table) -> Self {
        let mut found = Self::default();
        for (name, value) in values {
            let is_settable = table.get(&in_words(name)).is_some_and(|parameter| parameter.is_settable);
            // An empty value is no number. That of a string is most likely its default.
            if is_settable && !value.is_empty() {
                found.push(name, value);
            }
        }
        let is_shown = |name: &String| values.keys().any(|shown| in_words(shown) == *name);
        let settable = table.values().filter(|parameter| parameter.is_settable);
        let names = settable.map(|parameter| in_words(&parameter.name));
        found.lost.extend(names.filter(|name| !is_shown(name)));
        found
    }

    fn push(&mut self, name: &str, value: &[u8]) {
        if value == NOT_SET {
            return;
        }
        match word_for_kernel(name, value) {
            Ok(text) => self.words.push(ParameterWord::new(text)),
            Err(_) => self.lost.push(name.to_owned()),
        }
    }

    /// Those that a file is to be given in place of `old`, if that is known: without what it cannot set, and
    /// without what is persistent data in both, as such a value keeps itself.
    pub fn given_to(mut self, file: &Module<'_>, old: Option<&Module<'_>>) -> Self {
        let (now, before) = (table(Some(file)), old.map(|old| table(Some(old))));
        let is_persistent =
            |table: &Table, name: &str| table.get(name).is_some_and(|parameter| parameter.is_persistent);
        let keeps_itself = |name: &str| {
            is_persistent(&now, name) && before.as_ref().is_none_or(|before| is_persistent(before, name))
        };
        let cannot_be_set = |name: &str| now.get(name).is_some_and(|parameter| !parameter.is_settable);
        self.words.retain(|word| !keeps_itself(&word.name) && !cannot_be_set(&word.name));
        self.lost.retain(|name| !keeps_itself(name));
        self
    }

    /// The line for the kernel. Parameters in `given` take the place of others of their names.
    pub fn line(&self, given: &[ParameterWord]) -> CString {
        let is_given = |word: &&ParameterWord| given.iter().any(|given| given.name == word.name);
        let kept = self.words.iter().filter(|word| !is_given(word));
        let words: Vec<&[u8]> = kept.chain(given).map(|word| &*word.text).collect();
        // None of them has a NUL.
        CString::new(words.join(&b' ')).unwrap_or_default()
    }
}

/// The parameters of a file by name.
type Table = BTreeMap<String, Parameter>;

fn table(file: Option<&Module<'_>>) -> Table {
    let all = file.map(|file| parameters::all(&file.object)).unwrap_or_default();
    all.into_iter().map(|parameter| (in_words(&parameter.name), parameter)).collect()
}

/// A name as words have it.
fn in_words(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use modtest::module::{Make, R_64, parse};

    use super::*;

    fn values(list: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        list.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    }

    fn line(parameters: &LoadedParameters, given: &[u8]) -> String {
        parameters.line(&ParameterWord::all(given)).into_string().unwrap()
    }

    #[test]
    fn what_the_kernel_shows_is_given_again() {
        let mut make = Make::bare("foo");
        make.section(".rodata.str1.1", 0x32, 1, b"a\0b\0c\0d\0e\0hidden\0shown_only\0");
        make.section(".rodata", 2, 8, &[0; 32]);
        make.section("__param", 2, 8, &[0; 7 * 40]);
        make.undefined("param_ops_int");
        for (entry, name) in (0..).zip([0, 2, 4, 6, 8, 10, 17]) {
            make.relocate("__param", entry * 40, R_64, ".rodata.str1.1", name);
            let ops = if entry == 6 { ".rodata" } else { "param_ops_int" };
            make.relocate("__param", entry * 40 + 16, R_64, ops, 0);
        }
        let file = make.build();
        let table = table(Some(&parse(&file)));
        let shown =
            values(&[("a", "1"), ("b", "x y"), ("c", "(null)"), ("d", ""), ("e", "\""), ("shown_only", "3")]);
        let found = LoadedParameters::shown(&shown, &table);
        assert_eq!(line(&found, b""), "a=1 b=\"x y\"");
        assert_eq!(found.lost, ["e", "hidden"]);
        assert_eq!(line(&found, b"b=2 f"), "a=1 b=2 f");
        let found =
            LoadedParameters { words: ParameterWord::all(b"a=1 shown_only=3 new=4"), lost: Vec::new() };
        assert_eq!(line(&found.given_to(&parse(&file), None), b""), "a=1 new=4");
    }
}
