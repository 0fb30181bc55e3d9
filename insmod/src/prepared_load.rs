// SPDX-License-Identifier: MIT OR Apache-2.0
//! A load that is prepared while another version of the module is still loaded: a part of a reload.
//!
//! ```
//! use insmod::{LoadOptions, PreparedLoad};
//! use modcli::Output;
//! use modrecord::Paths;
//! use modtest::keeper_exports;
//! use modtest::module::Make;
//!
//! # let folder = tempfile::tempdir()?;
//! let file = folder.path().join("prepared.ko");
//! std::fs::write(&file, Make::small("prepared").build())?;
//! let paths = Paths { loaded_images: folder.path().join("images"), ..Paths::default() };
//! let kernel = keeper_exports::kernel();
//! let mut output = Output::captured("modpersist");
//!
//! let options = LoadOptions::default();
//! let mut load = PreparedLoad::open(&file, c"", &options, &kernel, &paths)?;
//! load.check(&mut output)?;
//! load.plan()?;
//! load.run(None, &|| (), &mut output)?;
//! assert!(kernel.is_loaded("prepared"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::cell::RefCell;
use std::ffi::{CStr, CString, OsStr};
use std::fmt;
use std::path::Path;
use std::rc::Rc;

use libmodsys::lock::Lock;
use libmodsys::{Errno, Kernel, LoadFlags};
use modcli::Output;
use modkeep::{KeepError, KeepMode, Plan, Region};
use modrecord::Paths;
use modrecord::journal::{ModuleDetails, Recorder};
use modrecord::policy::LazyPolicy;

use crate::ModuleInput;
use crate::load::{persistent, plain};
use crate::load_request::{LoadRequest, SitePolicy};
use crate::preflight::{detect, dry_run, parameter_names};
use crate::report::{self, Reason};

/// Options of insmod that a reload knows as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// `--fresh`
    pub fresh: bool,
    /// `--fresh=VAR`
    pub fresh_variables: Vec<String>,
    /// `--renamed OLD=NEW`
    pub renamed: Vec<(String, String)>,
    /// `--drop`
    pub drops: Vec<String>,
}

/// A file that is to be loaded.
pub struct PreparedLoad<'a> {
    input: ModuleInput,
    params: CString,
    options: &'a LoadOptions,
    kernel: &'a dyn Kernel,
    paths: &'a Paths,
    policy: Rc<LazyPolicy>,
    journal: Recorder<'a>,
    planned: Option<Plan>,
    /// What the user has been told, or is told by whoever has planned.
    said: RefCell<Vec<String>>,
}

impl fmt::Debug for PreparedLoad<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedLoad").field("input", &self.input).finish_non_exhaustive()
    }
}

/// Why a module was not loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{headline}")]
#[non_exhaustive]
pub struct NotLoaded {
    /// The message.
    pub headline: String,
    /// Lines below it.
    pub details: Vec<String>,
    /// What to do about it, in one line or several.
    pub remedy: Option<String>,
    /// The kernel's error number, if it was asked; `EEXIST` if a module of that name is loaded.
    pub errno: Option<Errno>,
}

impl NotLoaded {
    fn new(reason: Reason, errno: Option<Errno>) -> Self {
        let Reason { headline, details, remedy } = reason;
        Self { headline, details, remedy, errno }
    }

    /// Whether the module's init function may have run. The kernel returns what init returns.
    #[must_use]
    pub fn init_may_have_run(&self) -> bool {
        self.errno.is_some_and(|errno| {
            let is_of_loader = matches!(errno, Errno::EEXIST | Errno::ENOEXEC);
            !is_of_loader && !report::kernel_did_not_read_it(errno)
        })
    }
}

impl<'a> PreparedLoad<'a> {
    /// Opens a file.
    ///
    /// # Errors
    /// As [`ModuleInput::open`].
    pub fn open(
        file: &Path,
        params: &CStr,
        options: &'a LoadOptions,
        kernel: &'a dyn Kernel,
        paths: &'a Paths,
    ) -> Result<Self, Errno> {
        let policy = Rc::new(LazyPolicy::new(paths.config.clone()));
        let journal = Recorder::new(kernel, &paths.logs).by_policy(&policy);
        Ok(Self {
            input: ModuleInput::open(file.as_os_str(), file.to_owned())?,
            params: params.to_owned(),
            options,
            kernel,
            paths,
            policy,
            journal,
            planned: None,
            said: RefCell::default(),
        })
    }

    /// The open file.
    #[must_use]
    pub fn input(&self) -> &ModuleInput {
        &self.input
    }

    /// The parameters, as the kernel is given them.
    #[must_use]
    pub fn params(&self) -> &CStr {
        &self.params
    }

    /// Replaces the parameters.
    pub fn set_params(&mut self, params: CString) {
        self.params = params;
    }

    /// Names among the parameters that the module does not have, with `_` for `-`.
    #[must_use]
    pub fn unknown_parameters(&self) -> Vec<String> {
        let module = self.input.module().ok();
        module.map_or_else(Vec::new, |module| parameter_names::unknown(module, self.params.to_bytes()))
    }

    /// Every check of a dry run that is not about persistent data.
    ///
    /// # Errors
    /// The error number that the kernel would most likely return; the reason has been written.
    pub fn check(&self, output: &mut Output) -> Result<(), Errno> {
        dry_run::check_file(&self.request(), self.kernel, output)
    }

    /// Plans the load as if the module were not loaded, for [`PreparedLoad::run`]. Returns the plan; `None`
    /// if it is a plain load of a module without persistent data.
    ///
    /// # Errors
    /// Whatever [`modkeep::plan()`] calls one.
    pub fn plan(&mut self) -> Result<Option<&Plan>, KeepError> {
        self.planned = None;
        if !self.concerns_persistent_data() {
            return Ok(None);
        }
        let whole = self.input.decompressed();
        let Ok(whole) = whole else {
            // The load says what is wrong with the file.
            return Ok(None);
        };
        let plan = modkeep::plan(self.kernel, self.request().by_policy().plan_request(whole, true))?;
        self.journal.prepare();
        *self.said.get_mut() = plan.notes().to_vec();
        Ok(Some(self.planned.insert(plan)))
    }

    /// Loads the module. `live` is called as soon as that is done; what is written down for later comes after
    /// it. `lock` is the module's.
    ///
    /// # Errors
    /// Why it was not loaded. Nothing has been written.
    pub fn run(
        &mut self,
        lock: Option<&Lock>,
        live: &dyn Fn(),
        output: &mut Output,
    ) -> Result<(), NotLoaded> {
        let planned = self.planned.take();
        let request = self.request();
        let done = if planned.is_some() || self.concerns_persistent_data() {
            persistent::load_again(
                &request.by_policy(),
                (planned, &mut self.said.borrow_mut()),
                self.kernel,
                lock,
                live,
                output,
            )
        } else {
            Ok(None)
        };
        let not_loaded = |(reason, errno)| NotLoaded::new(reason, errno);
        match done {
            Ok(Some(_)) => {}
            Ok(None) => {
                plain::load(&request, self.kernel, output)
                    .map_err(|errno| not_loaded((Reason::of(errno, output), Some(errno))))?;
                live();
                let sizes = self.input.section_sizes();
                let known = self.input.module_name().map(|name| ModuleDetails {
                    name,
                    file: Some(self.input.path()),
                    header: None,
                    build_id: &[],
                    sizes: &sizes,
                    region: None,
                });
                self.journal.update(known);
            }
            Err(failure) => return Err(not_loaded(failure.reason(output))),
        }
        report::journal(&self.journal, output);
        report::policy(&self.policy, output);
        Ok(())
    }

    /// The file may have another name than the module.
    fn concerns_persistent_data(&self) -> bool {
        detect::concerns_persistent_data(&self.request(), self.kernel)
            || self.input.module_name().is_some_and(|name| Region::may_exist(self.kernel, name))
    }

    fn request(&self) -> LoadRequest<'_> {
        LoadRequest {
            module: &self.input,
            params: &self.params,
            flags: LoadFlags::NONE,
            keep: KeepMode::Auto,
            fresh: self.options.fresh,
            fresh_variables: &self.options.fresh_variables,
            renamed: &self.options.renamed,
            drops: &self.options.drops,
            restore: None,
            strict: false,
            policy: Some(SitePolicy { policy: &self.policy, decides_keep: true, decides_strict: true }),
            // What a reload is told of, it says itself.
            is_unattended: false,
            explain: false,
            paths: self.paths,
            journal: &self.journal,
        }
    }
}

/// Joins parameters of a command line into the string that the kernel takes.
#[must_use]
pub fn join_params(params: &[impl AsRef<OsStr>]) -> Vec<u8> {
    let params: Vec<_> = params.iter().map(|param| param.as_ref().to_owned()).collect();
    crate::params::join(&params)
}
