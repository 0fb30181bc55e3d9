// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the site has decided: `/etc/modpersist.conf`, and the files `*.conf` in `/etc/modpersist.conf.d`.
//!
//! ```text
//! keep=require            # auto, require or off, for all modules
//! keep.meter=off          # for one
//! strict.meter=on         # as insmod --strict
//! journal=off             # no journal, even if its directory exists
//! persistdir=/srv/params
//! ```
//!
//! The last setting of a name counts; the files of the directory come after the main file, by their names,
//! and only if there is a main file: so a load that needs no settings costs one failed open at most. A file
//! that somebody else than root could have written is not used. Nothing in these files keeps a module from
//! being loaded: what cannot be read is ignored, and insmod says so.
//!
//! ```
//! use modrecord::policy::Policy;
//! use modkeep::KeepMode;
//!
//! let policy = Policy::of_text("keep=require\nkeep.meter=off\n", "/etc/modpersist.conf".as_ref());
//! assert_eq!(policy.keep("other").value, KeepMode::Require);
//! let keep = policy.keep("meter");
//! assert_eq!((keep.value, keep.origin.to_string().as_str()), (KeepMode::Off, "/etc/modpersist.conf:2"));
//! ```

mod lazy;
mod parse;
mod problem;
mod read;
mod settings;

pub use lazy::LazyPolicy;
pub use problem::Problem;
pub use settings::{Origin, Policy, Setting};
