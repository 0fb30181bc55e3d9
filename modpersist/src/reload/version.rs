// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file that a loaded module can be loaded from once more: of the same build, wherever it is found.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use insmod::LoadOptions;
use libmodfmt::file::ModuleFile;
use libmodsys::{Kernel, files};
use modcli::os_text;
use modkeep::loaded_build_id;
use modrecord::Paths;
use modrecord::loaded_images::LoadedImage;

use crate::hex;

/// Limit for a module, as it is and decompressed, in bytes.
const MAX_MODULE_BYTES: u64 = 512 << 20;

/// A file, and the parameters that it is loaded with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub path: PathBuf,
    pub params: CString,
}

/// What the image at `path` is loaded with once more: the names that its load was told of, for its source may
/// say nothing of them.
pub(super) fn options_again(kernel: &dyn Kernel, owner: &str, path: &Path, paths: &Paths) -> LoadOptions {
    let image = LoadedImage::last(kernel, owner, paths).filter(|image| image.path == path);
    LoadOptions { renamed: image.map(|image| image.renamed).unwrap_or_default(), ..LoadOptions::default() }
}

/// Where files of loaded modules are looked for.
#[derive(Clone, Copy)]
pub(super) struct FileSearch<'a> {
    pub kernel: &'a dyn Kernel,
    pub paths: &'a Paths,
    /// The file that is to be loaded: what was built with it may lie beside it.
    pub beside: &'a Path,
    /// `--with`: these may be other builds.
    pub named: &'a [PathBuf],
}

impl FileSearch<'_> {
    /// The file of a loaded module; the error says why there is none.
    pub fn find(&self, module: &str) -> Result<PathBuf, String> {
        for path in self.named {
            let file = read(path).map_err(|why| format!("{}: {why}", os_text(path)))?;
            if file.module().is_ok_and(|found| found.name == module) {
                let path = std::path::absolute(path).map_err(|error| error.to_string())?;
                return Ok(path);
            }
        }
        let Some(build_id) = loaded_build_id(self.kernel, module) else {
            return Err("it has no build id by which its file could be told".to_owned());
        };
        let mut others = Vec::new();
        for path in self.candidates(module) {
            let Ok(file) = read(&path) else { continue };
            match file.module() {
                Ok(found) if found.name == module && found.build_id.as_ref() == Some(&build_id) => {
                    return Ok(path);
                }
                Ok(found) if found.name == module => others.push(os_text(&path)),
                _ => {}
            }
        }
        Err(if others.is_empty() {
            "no file of it is found".to_owned()
        } else {
            format!("{} is another build of it", others.join(", "))
        })
    }

    fn candidates(&self, module: &str) -> Vec<PathBuf> {
        let image = LoadedImage::of_loaded(self.kernel, module, self.paths);
        let image = image.map(|image| {
            // The images that this reload leaves must not take its room.
            image.mark_needed();
            image.path
        });
        let installed = self.kernel.installed_file(module).ok().flatten();
        let with_dashes = Some(module.replace('_', "-")).filter(|name| name != module);
        let folder = self.beside.parent().unwrap_or(Path::new("/"));
        let beside = std::iter::once(module.to_owned()).chain(with_dashes).flat_map(|name| {
            ["", ".xz", ".zst", ".gz"].map(|ending| folder.join(format!("{name}.ko{ending}")))
        });
        image.into_iter().chain(installed).chain(beside.filter(|path| self.is_trusted(path))).collect()
    }

    /// Whether a file beside the one to be loaded is of the same user, or root's: a build id can be copied,
    /// and the folder may be one that others write to.
    fn is_trusted(&self, path: &Path) -> bool {
        let (Ok(found), Ok(named)) = (fs::metadata(path), fs::metadata(self.beside)) else { return false };
        let is_of_user = found.uid() == 0 || found.uid() == named.uid();
        found.is_file() && is_of_user && found.mode() & 0o002 == 0
    }
}

impl Version {
    /// The build ID of its file, in hexadecimal.
    pub fn build_id(&self) -> Option<String> {
        let file = read(&self.path).ok()?;
        file.module().ok()?.build_id.as_deref().map(hex::encode)
    }
}

/// Reads a module; the error is a clause.
pub(super) fn read(path: &Path) -> Result<ModuleFile, String> {
    let content = files::read_regular(path, MAX_MODULE_BYTES)
        .map_err(|error| modcli::without_os_error(&error.to_string()))?;
    Ok(ModuleFile::new(content, MAX_MODULE_BYTES))
}
