// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that is written down for later.
//!
//! - [`journal`]: where modules and their persistent data are, for whoever reads an oops of this boot.
//! - [`parameters`]: values of a module's parameters, saved when it is removed and given to it again when it
//!   is loaded (`insmod -e`, `rmmod -e`).
//! - [`loaded_images`]: modules with persistent data as they were loaded, for the way back of a reload.
//! - [`owner_sections`]: where the sections of modules with persistent data are.
//! - [`removed_pointers`]: kept data that points into a module that was removed.
//! - [`saved_values`]: values of persistent variables, saved before a reboot and restored after it;
//!   [`values_json`]: what values look like in JSON.
//! - [`policy`]: what the site has decided, in `/etc/modpersist.conf`.
//! - [`snapshot`]: copies of `/proc/kallsyms` and `/proc/modules`, as modutils made them.
//! - [`paths`]: where all of this is; [`Paths`] so that tests can have it elsewhere.
//!
//! ```
//! use modrecord::parameters::SavedParameters;
//!
//! let saved = SavedParameters::parse(b"# mine\ndebug=1\nlabel=\"a b\"\n")?;
//! let values: Vec<_> = saved.values().collect();
//! assert_eq!(values, [("debug", &b"1"[..]), ("label", &b"a b"[..])]);
//! # Ok::<(), modrecord::parameters::SavedParametersError>(())
//! ```

pub mod journal;
pub mod loaded_images;
pub mod owner_sections;
pub mod parameters;
pub mod paths;
pub mod policy;
pub mod removed_pointers;
pub mod saved_values;
pub mod snapshot;
mod time;
pub mod values_json;

pub use paths::Paths;
