// SPDX-License-Identifier: MIT OR Apache-2.0
//! The removal of a module as a part of a reload: it is loaded again at once.
//!
//! What takes time, and what has to be read while the module is there, comes before; what kept data still
//! points to is searched when the module is back.
//!
//! ```
//! use libmodsys::Kernel;
//! use modcli::Output;
//! use modrecord::Paths;
//! use modtest::{FakeKernel, FakeModule};
//! use rmmod::Leaving;
//!
//! let (kernel, paths) = (FakeKernel::new(), Paths::default());
//! kernel.add(FakeModule::new("foo"));
//! let leaving = Leaving::begin("foo", &kernel, &paths)?;
//! leaving.remove(&kernel, &mut Output::captured("modpersist"))?;
//! assert!(!kernel.is_loaded("foo"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use libmodsys::{Errno, Kernel};
use modcli::Output;
use modkeep::{KeepError, Region};
use modrecord::Paths;
use modrecord::parameters::SaveLocation;
use modrecord::removed_pointers::Departure;

use crate::removal::delete;
use crate::{Target, checks, persistent_data};

/// A module that is about to be removed and loaded again.
#[derive(Debug)]
pub struct Leaving {
    name: String,
    /// Where it was, if something is kept for it.
    departure: Option<Departure>,
    /// Where a later rmmod saves its parameters.
    location: Option<SaveLocation>,
}

impl Leaving {
    /// Prepares the removal while the module is loaded. Finishes what an earlier load of it did not get to.
    ///
    /// # Errors
    /// What is kept for it cannot be read, or a keeper that is not used any more cannot be removed. The
    /// module is as it was.
    pub fn begin(name: &str, kernel: &dyn Kernel, paths: &Paths) -> Result<Self, KeepError> {
        if Region::exists(kernel, name)
            && let Some(region) = Region::find(kernel, name)?
        {
            modkeep::settle(kernel, &region)?;
        }
        Ok(Self {
            name: name.to_owned(),
            departure: Departure::begin(kernel, name, paths),
            location: SaveLocation::of(name, kernel, paths),
        })
    }

    /// The module.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Removes the module, with rmmod's checks. Its lock must be held if something is kept for it.
    ///
    /// # Errors
    /// The kernel's error number, or `EBUSY` after a check; the reason has been written.
    pub fn remove(&self, kernel: &dyn Kernel, output: &mut Output) -> Result<(), Errno> {
        let name = &self.name;
        let target = Target { argument: name.into(), name: name.clone(), from_path: false };
        if !checks::is_removable(&target, kernel, output) {
            return Err(Errno::EBUSY);
        }
        delete(name, false, kernel).inspect_err(|errno| {
            let text = output.strerror(*errno);
            output.error(format_args!("could not remove module {name}: {text}"));
        })
    }

    /// Right after the removal: what of the module is still on kept lists, or is a kept timer that is
    /// pending. A line for each.
    #[must_use]
    pub fn still_linked(&self, kernel: &dyn Kernel) -> Vec<String> {
        self.departure.as_ref().map_or_else(Vec::new, |departure| departure.still_linked(kernel))
    }

    /// Called when the module, or another version of it, is loaded again: says which kept data still points
    /// to where it was.
    pub fn is_back(self, kernel: &dyn Kernel, paths: &Paths, output: &mut Output) {
        if let Some(location) = &self.location
            && let Err(error) = location.remember(&self.name, kernel, paths)
        {
            let name = &self.name;
            output.warning(format_args!("rmmod will not save the parameters of {name}: {error}"));
        }
        if let Some(departure) = self.departure {
            let left = departure.end_after_reload(kernel, paths);
            persistent_data::say_pointers(&self.name, "as it was loaded before", left, output);
        }
    }

    /// Called when neither the module nor another version of it is loaded again: says which kept data points
    /// into it, as rmmod does.
    pub fn is_gone(self, kernel: &dyn Kernel, paths: &Paths, output: &mut Output) {
        if let Some(departure) = self.departure {
            persistent_data::warn_of_pointers(&self.name, departure, kernel, paths, output);
        }
    }
}
