// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the files of a kernel and of its modules, and checks that they are of the report's build.

mod build_match;
mod debug_file;
mod kernel_files;
mod module_files;
mod usual_places;

pub(crate) use kernel_files::{kernel, system_map};
pub(crate) use module_files::ModuleFiles;
