// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--persist`: parameters that were saved when the module was removed.
//!
//! They come before those of the command line, so that the command line wins, as in modutils.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use libmodfmt::parameters;
use libmodsys::Kernel;
use modcli::{Level, Output, os_text};
use modrecord::Paths;
use modrecord::parameters::{SaveLocation, SavedParameters, SavedParametersError, word_for_kernel};

use crate::ModuleInput;

/// The `.modinfo` tag that names a parameter to save: `MODULE_INFO(persistent_parm, "name")`. All are saved
/// if there is none.
const TAG: &str = "persistent_parm";

/// Saved parameters of a module, and where to save them again.
#[derive(Debug)]
pub(crate) struct SavedParams {
    /// The parameters, each in the kernel's syntax.
    pub words: Vec<Vec<u8>>,
    module: String,
    location: SaveLocation,
}

impl SavedParams {
    /// Reads the parameters that were saved to `file` for a module. `None` if there is nothing to save.
    ///
    /// # Errors
    /// The file has no usable name, cannot be read or is broken.
    pub fn read(
        file: &OsStr,
        input: &ModuleInput,
        kernel: &dyn Kernel,
        paths: &Paths,
        output: &mut Output,
    ) -> Result<Option<Self>, SavedParametersError> {
        let path = match SaveLocation::file_for(file, input.path(), &kernel.release()?, paths) {
            Ok(Some(path)) => path,
            Ok(None) => {
                output.warning("persistdir is empty: --persist ignored");
                return Ok(None);
            }
            Err(SavedParametersError::Directory(error)) => {
                let warning = format_args!("no saved parameters are used, and none will be saved: {error}");
                output.always(Level::Warning, warning);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        // If it is not a module, the load will fail, and the kernel's message is the better one.
        let Ok(module) = input.module() else { return Ok(None) };
        let Ok(info) = module.modinfo() else { return Ok(None) };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let tagged: Vec<String> = info.all(TAG).map(text).collect();
        let parmtype =
            |value: &[u8]| text(value).split_once(':').map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let types: BTreeMap<String, String> = info.all("parmtype").filter_map(parmtype).collect();
        // Those of module_param_cb() and module_param_call() have no parmtype.
        let table = parameters::all(&module.object);
        let entry = |name: &str| table.iter().find(|parameter| parameter.name == name);
        let type_of =
            |name: &str| types.get(name).map(String::as_str).or_else(|| entry(name).is_some().then_some(""));
        let mut words = Vec::new();
        for (name, value) in SavedParameters::read(&path)?.values() {
            let is_saved = tagged.is_empty() || tagged.iter().any(|own| own == name);
            let Some(kind) = type_of(name).filter(|_| is_saved) else {
                let text = "the module does not keep one of that name";
                output.warning(format_args!("{}: parameter {name} ignored: {text}", os_text(&path)));
                continue;
            };
            if entry(name).is_some_and(|parameter| !parameter.is_settable) {
                // It only shows something. The kernel would call a null pointer to set it.
                continue;
            }
            if value.is_empty() && !matches!(kind, "charp" | "string") {
                // An array that was never set reads as nothing, and the kernel does not accept nothing.
                continue;
            }
            match word_for_kernel(name, value) {
                Ok(word) => words.push(word),
                Err(reason) => {
                    let warning = format_args!("{}: parameter {name} ignored: {reason}", os_text(&path));
                    output.always(Level::Warning, warning);
                }
            }
        }
        let location = SaveLocation::new(path, tagged, input.path());
        Ok(Some(Self { words, module: module.name.clone(), location }))
    }

    /// Remembers where rmmod is to save them, now that the module is loaded.
    pub fn remember(&self, kernel: &dyn Kernel, paths: &Paths, output: &mut Output) {
        if let Err(error) = self.location.remember(&self.module, kernel, paths) {
            output.error(format_args!(
                "{} is loaded, but rmmod will not save its parameters: {error}",
                self.module
            ));
        }
    }
}
