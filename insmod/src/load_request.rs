// SPDX-License-Identifier: MIT OR Apache-2.0
//! One load: the file, its parameters and the options that bear on it.

use std::ffi::CStr;

use libmodfmt::file::ModuleFile;
use libmodsys::LoadFlags;
use modkeep::{KeepMode, Request, Restore};
use modrecord::Paths;
use modrecord::journal::Recorder;
use modrecord::policy::{LazyPolicy, Origin};
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
    /// `--keep`, unless the site decides
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
    /// `--strict`, unless the site decides
    pub strict: bool,
    /// What the site decides: see [`LoadRequest::by_policy`].
    pub policy: Option<SitePolicy<'a>>,
    /// Nobody reads standard error: a refusal goes to the kernel's log, too.
    pub is_unattended: bool,
    /// `--explain`
    pub explain: bool,
    /// Where records are kept.
    pub paths: &'a Paths,
    /// Where the load is recorded.
    pub journal: &'a Recorder<'a>,
}

/// What the site may decide, since the command line does not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SitePolicy<'a> {
    pub policy: &'a LazyPolicy,
    /// There is no `--keep`.
    pub decides_keep: bool,
    /// There is no `--strict`.
    pub decides_strict: bool,
}

impl LoadRequest<'_> {
    /// The same request, with what the site has decided for the module. This reads the configuration, so it
    /// is for modules that concern persistent data. `--fresh` and `--restore` ask for data to be kept: then
    /// `keep=off` does not count.
    pub fn by_policy(&self) -> Self {
        let mut request = *self;
        let Some(site) = request.policy.take() else { return request };
        let owner = self.module.module_name().unwrap_or_default();
        let policy = site.policy.get();
        let keep = policy.keep(owner).value;
        let asks_to_keep = self.fresh || !self.fresh_variables.is_empty() || self.restore.is_some();
        if site.decides_keep && !(asks_to_keep && keep == KeepMode::Off) {
            request.keep = keep;
        }
        if site.decides_strict {
            request.strict = policy.strict(owner).value;
        }
        request
    }

    /// What the site has decided that may be why the module is not loaded: `keep=require by FILE:1`.
    pub fn policy_words(&self) -> Vec<String> {
        let Some(site) = self.policy else { return Vec::new() };
        let (owner, policy) = (self.module.module_name().unwrap_or_default(), site.policy.get());
        let (keep, strict) = (policy.keep(owner), policy.strict(owner));
        let by = |name: &str, origin: &Origin| match origin {
            Origin::Line { .. } => Some(format!("{name} by {origin}; the command line overrides it")),
            Origin::Default => None,
        };
        let is_required = site.decides_keep && keep.value == KeepMode::Require;
        let required = is_required.then(|| by("keep=require", &keep.origin)).flatten();
        let strict = (site.decides_strict && strict.value).then(|| by("strict=on", &strict.origin)).flatten();
        required.into_iter().chain(strict).collect()
    }

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
