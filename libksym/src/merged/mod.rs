// SPDX-License-Identifier: MIT OR Apache-2.0
//! One table of all symbols, kernel and modules, by run-time address: the merged map of ksymoops 2.4.
//!
//! Kernels before 2.6 have no `/proc/kallsyms`. What is known comes from vmlinux, `System.map`, the exported
//! symbols in `/proc/ksyms` and the modules' object files. [`MergedMap::read`] puts them together; where two
//! sources disagree, one of them is believed and a [`MapWarning`] says so. The text form
//! ([`MergedMap::write`]) is that of `nm`, with the module behind a symbol, and can be read again in place of
//! a `System.map`.
//!
//! Unlike [`Resolver`](crate::Resolver), which answers only what it can prove, the map names every address
//! by the last symbol before it.
//!
//! ```
//! use libksym::merged::{MapAddress, MapSources, MergedMap};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("System.map");
//! # std::fs::write(&path, "c0105000 T _stext\nc026cc10 T __kfree_skb\nc026cd70 T skb_clone\n")?;
//! let mut sources = MapSources::default();
//! sources.system_map = Some(path);
//! let (map, warnings) = MergedMap::read(&sources);
//! let MapAddress::In { symbol, offset, size } = map.find(0xc026_cd54) else { panic!() };
//! assert_eq!((symbol.name.as_str(), offset, size), ("__kfree_skb", 0x144, 0x160));
//! assert!(warnings.is_empty());
//! # Ok(())
//! # }
//! ```

mod compare;
mod map;
mod modules;
mod object_files;
mod read;
mod sources;
mod symbol_kind;
mod warning;

pub use map::{MapAddress, MapSymbol, MergedMap};
pub use sources::MapSources;
pub use warning::{MapSource, MapWarning};
