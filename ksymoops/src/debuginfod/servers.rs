// SPDX-License-Identifier: MIT OR Apache-2.0
//! The servers, and the folder with what they gave.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use libksym::{BuildId, FileSearch, Sources};
use liboops::report::Report;

#[cfg(feature = "debuginfod")]
use super::download::download;
use crate::Warning;

/// Names the servers, separated by blanks.
const URLS: &str = "DEBUGINFOD_URLS";
/// Names a file with certificates of authorities, as for OpenSSL.
const AUTHORITIES: &str = "SSL_CERT_FILE";

/// A log may name any build id: so many are asked for in a run.
const MAX_REQUESTS: usize = 64;

/// Where distributions install debug files.
const USUAL: &str = "usr/lib/debug";

/// The servers that are asked for debug files.
#[derive(Debug)]
pub struct Servers {
    #[cfg_attr(not(feature = "debuginfod"), expect(dead_code, reason = "nothing is fetched"))]
    urls: Vec<String>,
    folder: PathBuf,
    #[cfg_attr(not(feature = "debuginfod"), expect(dead_code, reason = "nothing is fetched"))]
    authorities: Option<PathBuf>,
    asked: RefCell<HashSet<BuildId>>,
}

impl Servers {
    /// The servers that the environment names, if any. `None` also if there is no home to keep files in, or
    /// if the program was built without this feature.
    #[must_use]
    pub fn of_environment() -> Option<Self> {
        let urls = std::env::var(URLS).ok()?;
        let urls: Vec<String> = urls.split_whitespace().map(str::to_owned).collect();
        let folder = cache(std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"))?;
        let authorities = std::env::var_os(AUTHORITIES).filter(|file| !file.is_empty()).map(PathBuf::from);
        let is_of_use = cfg!(feature = "debuginfod") && !urls.is_empty();
        is_of_use.then(|| Self { urls, folder, authorities, asked: RefCell::default() })
    }

    /// The folder with what was fetched, to be searched like `/usr/lib/debug`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Fetches the debug files of a report's kernel, and of the modules that it names places in, that are not
    /// on this machine.
    pub fn provide(&self, report: &Report, sources: &Sources) -> Vec<Warning> {
        let mut wanted = Vec::new();
        if sources.vmlinux.is_none() && sources.discover.kernel != FileSearch::Nowhere {
            wanted.extend(sources.build_id.clone());
        }
        if sources.discover.modules != FileSearch::Nowhere {
            let named: HashSet<&str> = report.places().filter_map(|place| place.module.as_deref()).collect();
            let loaded = sources.loaded.iter().filter(|loaded| named.contains(loaded.name.as_str()));
            wanted.extend(loaded.filter_map(|loaded| loaded.build_id.clone()));
        }
        let mut warnings = Vec::new();
        for id in wanted.into_iter().filter(|id| !is_here(id, sources)) {
            let is_new = self.asked.borrow_mut().insert(id.clone());
            if is_new && self.asked.borrow().len() <= MAX_REQUESTS {
                self.fetch(&id, &mut warnings);
            }
        }
        warnings
    }

    #[cfg(feature = "debuginfod")]
    fn fetch(&self, id: &BuildId, warnings: &mut Vec<Warning>) {
        for url in &self.urls {
            match download(url, id, &self.folder.join(id.debug_path()), self.authorities.as_deref()) {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    warnings.push(Warning::Server { url: url.clone(), error: format!("{error:#}") });
                }
            }
        }
    }

    #[cfg(not(feature = "debuginfod"))]
    fn fetch(&self, _id: &BuildId, _warnings: &mut Vec<Warning>) {}
}

/// Whether a debug file is on this machine already.
fn is_here(id: &BuildId, sources: &Sources) -> bool {
    let usual = libksym::files::below_root(&sources.root, Path::new(USUAL));
    let mut folders = sources.debug_dirs.iter().chain([&usual]);
    folders.any(|folder| folder.join(id.debug_path()).exists())
}

/// The folder for what was fetched.
fn cache(named: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |path: OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let cache = named.and_then(absolute).or_else(|| Some(absolute(home?)?.join(".cache")))?;
    Some(cache.join("ksymoops"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_for_what_was_fetched() {
        let folder =
            |named: Option<&str>, home: Option<&str>| cache(named.map(Into::into), home.map(Into::into));
        assert_eq!(folder(Some("/c"), Some("/h")), Some("/c/ksymoops".into()));
        assert_eq!(folder(Some("relative"), Some("/h")), Some("/h/.cache/ksymoops".into()));
        assert_eq!(folder(None, None), None);
    }
}
