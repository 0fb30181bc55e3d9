// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debug files from servers, by build id: debuginfod's protocol, `GET URL/buildid/HEX/debuginfo`.
//!
//! Nothing is asked for unless `DEBUGINFOD_URLS` names servers, as for the other programs that know it. What
//! was fetched stays in a folder that is laid out like `/usr/lib/debug`, so that the next run finds it there.
//! A file is used only if its build id is the right one, wherever it is from.

#[cfg(feature = "debuginfod")]
mod authorities;
#[cfg(feature = "debuginfod")]
mod download;
mod servers;

pub use servers::Servers;
