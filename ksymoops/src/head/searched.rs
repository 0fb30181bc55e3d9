// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where files were looked for, as it is said if they were not found.

use std::path::{Path, PathBuf};

use libksym::{Discover, FileSearch, Sources};
use modcli::os_text;

/// Where files were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    discover: Discover,
    root: PathBuf,
    debug_dirs: Vec<PathBuf>,
    vmlinux: Option<PathBuf>,
    modules: Vec<PathBuf>,
    /// Servers are asked for debug files.
    pub has_servers: bool,
}

impl Searched {
    /// Where the resolver looks that is given these sources.
    #[must_use]
    pub fn of(sources: &Sources) -> Self {
        Self {
            discover: sources.discover,
            root: sources.root.clone(),
            debug_dirs: sources.debug_dirs.clone(),
            vmlinux: sources.vmlinux.clone(),
            modules: sources.modules.clone(),
            has_servers: false,
        }
    }

    /// `looked in /usr/lib/debug, /boot, /lib/modules/6.1.0-56-amd64`
    pub(super) fn kernel(&self, release: Option<&str>) -> String {
        match (&self.vmlinux, self.discover.kernel) {
            (_, FileSearch::Nowhere) => "not looked for, by -V".to_owned(),
            (Some(named), _) => format!("{} is of no use", os_text(named)),
            (None, search) => {
                let boot = (search == FileSearch::Usual).then(|| self.below_root("boot"));
                self.places(search, boot, release)
            }
        }
    }

    /// The same for files of modules.
    pub(super) fn modules(&self, release: Option<&str>) -> String {
        match self.discover.modules {
            FileSearch::Nowhere => "not looked for, by -O".to_owned(),
            search => self.places(search, self.modules.clone(), release),
        }
    }

    fn places(
        &self,
        search: FileSearch,
        first: impl IntoIterator<Item = PathBuf>,
        release: Option<&str>,
    ) -> String {
        let mut places: Vec<PathBuf> = first.into_iter().collect();
        places.extend(self.debug_dirs.iter().cloned());
        if search == FileSearch::Usual {
            places.push(self.below_root("usr/lib/debug"));
            places.push(self.below_root("lib/modules").join(release.unwrap_or_default()));
        }
        let texts: Vec<String> =
            places.iter().map(|path| os_text(path).trim_end_matches('/').to_owned()).collect();
        match (texts.is_empty(), release, search) {
            (true, ..) => "looked nowhere (--no-discovery)".to_owned(),
            // Without a release the usual places are of no use.
            (false, None, FileSearch::Usual) => {
                "the log does not say which release it is of: --release RELEASE".to_owned()
            }
            _ => format!("looked in {}", texts.join(", ")),
        }
    }

    fn below_root(&self, path: &str) -> PathBuf {
        Path::new(&self.root).join(path)
    }
}

impl Default for Searched {
    fn default() -> Self {
        Self::of(&Sources::default())
    }
}
