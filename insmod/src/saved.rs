// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--persist`: parameters from the file of an earlier time.
//!
//! The order is that of the design of 2000: what was saved, then the command line; the last one wins.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

use libmodfmt::module::Module;
use libmodfmt::{parameters, signature};
use libmodsys::Kernel;
use modcli::{Level, Output, shown};
use modrecord::Paths;
use modrecord::parameters::{SaveLocation, SavedParameters, SavedParametersError};

use crate::ModuleInput;

/// A tag in the module's source that names a parameter to be kept: `MODULE_INFO(persistent_parm, "name")`. Without any, all are.
const TAG: &str = "persistent_parm";

/// What is to be given to the module, and what to remember once it is loaded.
#[derive(Debug)]
pub(crate) struct Saved {
    /// Parameters, as a user would type them.
    pub words: Vec<OsString>,
    module: String,
    location: SaveLocation,
}

impl Saved {
    /// Reads the file for a module; `None` where there is nothing to be kept.
    ///
    /// # Errors
    /// The file has no usable name, cannot be read or is broken.
    pub fn read(
        file: &OsStr,
        input: &ModuleInput,
        kernel: &dyn Kernel,
        places: &Paths,
        output: &mut Output,
    ) -> Result<Option<Self>, SavedParametersError> {
        let Some(path) = SaveLocation::file_for(file, input.path(), &kernel.release()?, places)? else {
            output.warning("persistdir is empty: --persist ignored");
            return Ok(None);
        };
        let image = input.image().ok().and_then(|image| signature::split(image).ok());
        // The kernel has words for what is no module.
        let Some(module) = image.and_then(|(bytes, _)| Module::parse(bytes).ok()) else { return Ok(None) };
        let Ok(info) = module.modinfo() else { return Ok(None) };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let names: Vec<String> = info.all(TAG).map(text).collect();
        let kind_of =
            |value: &[u8]| text(value).split_once(':').map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let known: BTreeMap<String, String> = info.all("parmtype").filter_map(kind_of).collect();
        // Those of module_param_cb() and module_param_call() have no type.
        let others = parameters::names(&module.object);
        let mut words = Vec::new();
        for (name, value) in SavedParameters::read(&path)?.values() {
            let is_kept = names.is_empty() || names.iter().any(|own| own == name);
            let kind = known
                .get(name)
                .map(String::as_str)
                .or_else(|| others.iter().any(|other| other == name).then_some(""));
            let Some(kind) = kind.filter(|_| is_kept) else {
                output.warning(format_args!("{}: no parameter {name} to be kept: ignored", shown(&path)));
                continue;
            };
            if value.is_empty() && !matches!(kind, "charp" | "string") {
                // An array that was never set reads as nothing, and the kernel does not take nothing.
                continue;
            }
            if let Some(value) = for_kernel(value) {
                words.push(OsString::from_vec([name.as_bytes(), b"=", &*value].concat()));
            } else {
                // It would be lost without a word.
                let text = "the kernel has no way to write a value with such quotes: ignored";
                output.always(Level::Warning, format_args!("{}: {name}: {text}", shown(&path)));
            }
        }
        Ok(Some(Self {
            words,
            module: module.name.clone(),
            location: SaveLocation::new(path, names, input.path()),
        }))
    }

    /// Remembers where to save, now that the module is loaded.
    pub fn remember(&self, kernel: &dyn Kernel, places: &Paths, output: &mut Output) {
        if let Err(error) = self.location.remember(&self.module, kernel, places) {
            output.error(format_args!("the parameters of {} will not be saved: {error}", self.module));
        }
    }
}

/// A value as the kernel's parser takes it, where it can: blanks hold together in quotes alone, and within those there is no quote.
fn for_kernel(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let quotes = value.iter().filter(|byte| **byte == b'"').count();
    let blanks = value.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0x0b);
    match (quotes, blanks) {
        (0, true) => Some([b"\"", value, b"\""].concat().into()),
        // Each opens or closes a part where blanks would hold together; one at the start or end would be taken off.
        (_, false) if quotes % 2 == 0 && !value.starts_with(b"\"") && !value.ends_with(b"\"") => {
            Some(value.into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::for_kernel;

    #[test]
    fn what_the_kernel_can_read() {
        let text = |value: &[u8]| for_kernel(value).map(|value| String::from_utf8_lossy(&value).into_owned());
        assert_eq!(text(b"1,2").unwrap(), "1,2");
        assert_eq!(text(b"a b").unwrap(), "\"a b\"");
        assert_eq!(text(b"a\nb").unwrap(), "\"a\nb\"");
        assert_eq!(text(b"a\"b\"c").unwrap(), "a\"b\"c");
        for lost in [&b"\""[..], b"a\"b", b"\"a\"", b"a \"b\"", b"a\"\""] {
            assert_eq!(text(lost), None);
        }
    }
}
