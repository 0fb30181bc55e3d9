// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is a file of the build that the report is of? By build id, else by release and version.

use std::path::Path;
use std::rc::Rc;

use crate::build_id::BuildId;
use crate::files;
use crate::image::{Image, ImageError};
use crate::sources::Sources;
use crate::warning::Warning;
use crate::warning_log::WarningLog;

/// The build that a file must be of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'s> {
    /// The module; `None` for the kernel.
    pub(super) module: Option<&'s str>,
    pub(super) build_id: Option<&'s BuildId>,
    pub(super) release: Option<&'s str>,
    pub(super) version: Option<&'s str>,
}

impl Wanted<'_> {
    /// Opens a file if it is of that build. A missing file is a warning only if the user `named` it.
    pub(super) fn open(
        self,
        sources: &Sources,
        path: &Path,
        named: bool,
        warnings: &WarningLog,
    ) -> Option<Rc<Image>> {
        let path = &*files::kept_below_root(&sources.root, path);
        if !named && !path.exists() {
            return None;
        }
        let checked = Image::open(path).and_then(|image| Ok((self.contradiction(&image)?, image)));
        match checked {
            Ok((None, image)) => Some(Rc::new(image)),
            Ok((Some(warning), _)) => {
                warnings.push(warning);
                None
            }
            Err(error) => {
                warnings.unreadable(path, &error);
                None
            }
        }
    }

    /// What in the file contradicts the report, if anything.
    fn contradiction(self, image: &Image) -> Result<Option<Warning>, ImageError> {
        let found = image.build_id()?;
        if let (Some(wanted), Some(found)) = (self.build_id, found) {
            // An equal build id settles it, whatever the release is.
            return Ok((*wanted != found).then(|| Warning::BuildId {
                file: image.path().to_owned(),
                what: self.module.unwrap_or("kernel").to_owned(),
                found,
                wanted: wanted.clone(),
            }));
        }
        let file = || image.path().to_owned();
        let release = |found: Option<String>| {
            let wanted = self.release?;
            let found = found.filter(|found| found != wanted)?;
            Some(Warning::Release { file: file(), found, wanted: wanted.to_owned() })
        };
        if self.module.is_some() {
            return Ok(release(image.module_release()?));
        }
        if self.release.is_none() && self.version.is_none() {
            return Ok(None);
        }
        let banner = image.symbols()?.address_of(b"linux_banner\0");
        let banner = banner.map(|banner| image.kernel_banner(banner)).transpose()?.flatten();
        let first = banner.as_ref().and_then(|banner| banner.split_whitespace().next()).map(str::to_owned);
        let other_version = || {
            let (found, wanted) = (banner.clone()?, self.version?);
            let is_other = !is_version(&found, wanted);
            is_other.then(|| Warning::Version { file: file(), found, wanted: wanted.to_owned() })
        };
        Ok(release(first).or_else(other_version))
    }
}

/// Compares the number of the build and the version of Debian's package. The rest of what a report has
/// there may differ: the preemption model, a build id, before 3.0 the machine's name.
fn is_version(banner: &str, version: &str) -> bool {
    let is_in = |wanted: &[&str]| {
        let own: Vec<_> = banner.split_whitespace().collect();
        own.windows(wanted.len()).any(|own| own == wanted)
    };
    let words: Vec<_> = version.split_whitespace().collect();
    let number = words.first().filter(|word| word.starts_with('#'));
    let package = words.windows(2).find(|words| words.first() == Some(&"Debian"));
    number.is_none_or(|number| is_in(&[number])) && package.is_none_or(is_in)
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn versions_of_distributions() {
        let debian = "6.1.0-48-amd64 (d@l) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT_DYNAMIC \
                      Debian 6.1.172-1 (2026-05-15)";
        assert!(is_version(debian, "#1  Debian 6.1.172-1"));
        assert!(is_version(
            debian,
            "#1 PREEMPT(voluntary)  Debian 6.1.172-1 0123456789abcdef0123456789abcdef01234567"
        ));
        assert!(!is_version(debian, "#1  Debian 6.1.170-3") && !is_version(debian, "#2  Debian 6.1.172-1"));
        let ubuntu = "6.8.0-31-generic (b@l) (x86_64-linux-gnu-gcc-13) #31-Ubuntu SMP \
                      PREEMPT_DYNAMIC Sat Apr 20 00:40:06 UTC 2024";
        assert!(is_version(ubuntu, "#31-Ubuntu") && !is_version(ubuntu, "#32-Ubuntu"));
        let old = "2.6.32-5-amd64 (Debian 2.6.32-45) (d@l) (gcc version 4.3.5 (Debian 4.3.5-4) ) #1 \
                   SMP Sun May 6 04:00:17 UTC 2012";
        assert!(is_version(old, "#1 ProLiant DL380 G6") && !is_version(old, "#2 ProLiant DL380 G6"));
    }
}
