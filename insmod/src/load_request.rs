// SPDX-License-Identifier: MIT OR Apache-2.0
//! One load: the file, its parameters and the options that bear on it.

use std::ffi::CStr;

use libmodfmt::file::ModuleFile;
use libmodsys::LoadFlags;
use modkeep::{KeepMode, Request, Restore};
use modrecord::Paths;
use modrecord::journal::Recorder;
use modrecord::saved_values::Prepared;

use crate::ModuleInput;

/// A module to be loaded, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoadRequest<'a> {
    /// The open file.
    pub module: &'a ModuleInput,
    /// The parameters, as the kernel is given them.
    pub params: &'a CStr,
    /// What the force options stand for.
    pub flags: LoadFlags,
    /// `--keep`
    pub keep: KeepMode,
    /// `--fresh`
    pub fresh: bool,
    /// `--fresh=VAR`
    pub fresh_variables: &'a [String],
    /// `--renamed OLD=NEW`
    pub renamed: &'a [(String, String)],
    /// `--drop`
    pub drops: &'a [String],
    /// `--restore`
    pub restore: Option<&'a Prepared>,
    /// `--strict`
    pub strict: bool,
    /// Nobody reads standard error: a refusal goes to the kernel's log, too.
    pub is_unattended: bool,
    /// Where records are kept.
    pub paths: &'a Paths,
    /// Where the load is recorded.
    pub journal: &'a Recorder<'a>,
}

impl LoadRequest<'_> {
    /// The question that [`modkeep::plan`] answers. `assume_unloaded` asks what would happen if the module
    /// were not loaded.
    pub fn plan_request<'f>(&'f self, file: &'f ModuleFile, assume_unloaded: bool) -> Request<'f> {
        Request {
            keep: self.keep,
            fresh: self.fresh,
            fresh_variables: self.fresh_variables,
            renamed: self.renamed,
            drops: self.drops,
            restore: self.restore.map(|saved| Restore { values: &saved.values, unused: &saved.unused }),
            assume_unloaded,
            ..Request::new(file)
        }
    }
}
