// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parameters that a module is given again.
//!
//! Where insmod has recorded the load, these are the parameters of that load, with the values that have been
//! written since. Else they are all values that the kernel shows; those that it does not show are lost.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;

use insmod::ParameterWord;
use libmodfmt::module::Module;
use libmodfmt::parameters;
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
    /// Those of a module, whose file is `module`, if it is known.
    pub fn read(kernel: &dyn Kernel, paths: &Paths, name: &str, module: Option<&Module<'_>>) -> Self {
        let values = kernel.parameters(name).unwrap_or_default();
        match LoadedImage::of_loaded(kernel, name, paths) {
            Some(image) => Self::recorded(&image, &values),
            None => Self::shown(&values, module),
        }
    }

    /// The recorded ones, with the values that are others by now.
    fn recorded(image: &LoadedImage, values: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut found = Self { words: ParameterWord::all(&image.params), lost: Vec::new() };
        for (name, value) in values {
            if image.values.get(name) != Some(value) {
                found.words.retain(|word| word.name != name.replace('-', "_"));
                found.push(name, value);
            }
        }
        found
    }

    /// All that the kernel shows.
    fn shown(values: &BTreeMap<String, Vec<u8>>, module: Option<&Module<'_>>) -> Self {
        let mut found = Self::default();
        for (name, value) in values {
            // An empty value is no number. That of a string is most likely its default.
            if value != NOT_SET && !value.is_empty() {
                found.push(name, value);
            }
        }
        let names = module.map(|module| parameters::names(&module.object)).unwrap_or_default();
        found.lost.extend(names.into_iter().filter(|name| !values.contains_key(name)));
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

    /// Leaves out those whose values are persistent data, in both files if both are known: such a value keeps
    /// itself.
    pub fn without_persistent(mut self, old: Option<&Module<'_>>, new: &Module<'_>) -> Self {
        let names = |module: &Module<'_>| -> BTreeSet<String> {
            let names = parameters::persistent_names(&module.object);
            names.into_iter().map(|name| name.replace('-', "_")).collect()
        };
        let (before, now) = (old.map(names), names(new));
        let keeps_itself =
            |name: &str| now.contains(name) && before.as_ref().is_none_or(|before| before.contains(name));
        self.words.retain(|word| !keeps_itself(&word.name));
        self.lost.retain(|name| !keeps_itself(&name.replace('-', "_")));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn values(list: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        list.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    }

    fn line(parameters: &LoadedParameters, given: &[u8]) -> String {
        parameters.line(&ParameterWord::all(given)).into_string().unwrap()
    }

    #[test]
    fn what_the_kernel_shows_is_given_again() {
        let shown = values(&[("a", "1"), ("b", "x y"), ("c", "(null)"), ("d", ""), ("e", "\"")]);
        let found = LoadedParameters::shown(&shown, None);
        assert_eq!(line(&found, b""), "a=1 b=\"x y\"");
        assert_eq!(found.lost, ["e"]);
        assert_eq!(line(&found, b"b=2 f"), "a=1 b=2 f");
    }
}
