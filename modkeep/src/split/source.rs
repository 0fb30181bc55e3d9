// SPDX-License-Identifier: MIT OR Apache-2.0
//! What tells how a kernel lays out export tables, when a module is built for it.

use std::convert::Infallible;

use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::ModuleFile;
use libmodfmt::module::Module;
use libmodsys::Kernel;

use super::SplitError;
use crate::error::KeepError;
use crate::plan::{DetectedLayout, detect, from_headers, from_sample};

/// Where what is not in the module itself comes from. Vermagic, symbol versions, the size of `struct module`
/// and the marks of retpolines are in the module: its build took them from the kernel's headers.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum KernelSource<'a> {
    /// The kernel that runs.
    Running(&'a dyn Kernel),
    /// A module of that kernel that exports a symbol.
    Sample(&'a ModuleFile),
    /// That kernel's headers: the text of one, empty if it is not there.
    Headers(&'a dyn Fn(&str) -> String),
}

impl std::fmt::Debug for KernelSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Running(_) => "Running",
            Self::Sample(_) => "Sample",
            Self::Headers(_) => "Headers",
        })
    }
}

impl KernelSource<'_> {
    /// The layout, if this is the kernel that `module` is for.
    pub(super) fn layout(
        &self,
        module: &Module<'_>,
        notes: &mut Vec<String>,
    ) -> Result<DetectedLayout, SplitError> {
        let vermagic = vermagic(module)?.ok_or(SplitError::NoVermagic)?;
        let release = vermagic.split(' ').next().unwrap_or_default();
        let ident = module.object.ident;
        match self {
            Self::Running(kernel) => {
                let found = kernel.release().map_err(KeepError::from)?;
                same_kernel(release, "the running kernel", &found)?;
                detect(*kernel, ident)?.map_err(|obstacle| SplitError::Layout { why: obstacle.to_string() })
            }
            Self::Sample(sample) => {
                let found = sample.module().map_err(KeepError::from)?;
                let other = self::vermagic(found)?.unwrap_or_default();
                same_kernel(&vermagic, "the sample", &other)?;
                let image = sample.unsigned_image().map_err(KeepError::from)?.to_vec();
                from_sample(image, ident).ok_or_else(|| SplitError::Layout {
                    why: "the sample exports no symbol, or is for another processor".to_owned(),
                })
            }
            Self::Headers(text) => by_headers(release, module, *text, notes),
        }
    }
}

fn by_headers(
    release: &str,
    module: &Module<'_>,
    text: &dyn Fn(&str) -> String,
    notes: &mut Vec<String>,
) -> Result<DetectedLayout, SplitError> {
    let utsrelease = text("include/generated/utsrelease.h");
    let found = utsrelease.split('"').nth(1).unwrap_or_default();
    if found.is_empty() {
        let why = "the headers have no include/generated/utsrelease.h; are they configured?".to_owned();
        return Err(SplitError::Layout { why });
    }
    same_kernel(release, "the kernel of the headers", found)?;
    let ident = module.object.ident;
    let read = |path: &str| Ok::<String, Infallible>(text(path));
    let Ok(detected) = from_headers(release, ident, &read);
    if let Some(detected) = detected {
        return Ok(detected);
    }
    let parsed = Release::parse(release).ok_or_else(|| SplitError::Layout {
        why: format!("the headers do not declare struct kernel_symbol, and {release} has no number"),
    })?;
    notes.push(
        "the headers do not declare struct kernel_symbol (from 6.4 on they never do): its layout is taken to be \
         mainline's of that release; --sample is surer for a vendor's kernel"
            .to_owned(),
    );
    Ok(DetectedLayout { layout: ExportLayout::for_release(ident.machine, parsed), module_size: None })
}

fn same_kernel(file: &str, source_name: &'static str, found: &str) -> Result<(), SplitError> {
    let (file, found) = (file.trim_end(), found.trim_end());
    if file == found {
        return Ok(());
    }
    Err(SplitError::OtherKernel { file: file.to_owned(), source_name, found: found.to_owned() })
}

fn vermagic(module: &Module<'_>) -> Result<Option<String>, SplitError> {
    let modinfo =
        module.modinfo().map_err(|source| KeepError::from(libmodfmt::file::FileError::Module { source }))?;
    Ok(modinfo.vermagic().map(|text| text.into_owned()))
}
