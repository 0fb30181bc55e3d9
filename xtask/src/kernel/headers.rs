// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes the distribution's kernel headers work from wherever they are unpacked.
//!
//! They refer to each other by absolute path, because they expect to be installed. In the copy, those paths
//! are changed to point into the copy.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

/// Makes headers under `unpacked` work from `home`, their path once the cache entry is complete. Returns
/// their build directory, relative to both.
pub fn relocate(unpacked: &Path, home: &Path, package: &str) -> Result<PathBuf> {
    let build = PathBuf::from("usr/src").join(package);
    let directory = unpacked.join(&build);
    rewrite_makefile(&directory.join("Makefile"), unpacked, home)?;
    for entry in fs::read_dir(unpacked.join("usr/src"))? {
        let tree = entry?.path();
        // In all releases these are symbolic links, some of them absolute.
        for name in ["scripts", "tools"] {
            relink(&tree.join(name), unpacked, home)?;
        }
    }
    Ok(build)
}

/// The Makefile includes the one of the common headers.
fn rewrite_makefile(makefile: &Path, unpacked: &Path, home: &Path) -> Result<()> {
    let text = fs::read_to_string(makefile).with_context(|| format!("cannot read {}", makefile.display()))?;
    fs::write(makefile, rewrite(&text, unpacked, home))
        .with_context(|| format!("cannot write {}", makefile.display()))
}

/// Prefixes every absolute path that exists under `unpacked` with `home`.
fn rewrite(text: &str, unpacked: &Path, home: &Path) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        for word in line.split_inclusive([' ', '\t', '\n', '=']) {
            let bare = word.trim_end();
            let inside = bare.strip_prefix('/').filter(|path| unpacked.join(path).exists());
            if inside.is_some() {
                out.push_str(&home.to_string_lossy());
            }
            out.push_str(word);
        }
    }
    out
}

fn relink(link: &Path, unpacked: &Path, home: &Path) -> Result<()> {
    let Ok(target) = fs::read_link(link) else { return Ok(()) };
    let Ok(inside) = target.strip_prefix("/") else { return Ok(()) };
    if !unpacked.join(inside).exists() {
        return Err(anyhow!(
            "{} points to {}, which is in none of the packages",
            link.display(),
            target.display()
        ));
    }
    fs::remove_file(link)?;
    symlink(home.join(inside), link).with_context(|| format!("cannot relink {}", link.display()))
}

/// The compiler named by the headers' `.kernelvariables`.
pub fn requested_compiler(variables: &str) -> Option<String> {
    let line = variables.lines().find(|line| line.starts_with("CC ="))?;
    let name = line.split_whitespace().last()?;
    Some(name.trim_start_matches("$(CROSS_COMPILE)").to_owned()).filter(|name| name.starts_with("gcc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_in_the_package_are_rewritten() {
        let unpacked = std::env::temp_dir().join(format!("xtask-headers-{}", std::process::id()));
        fs::create_dir_all(unpacked.join("usr/src/common")).unwrap();
        fs::write(unpacked.join("usr/src/common/Makefile"), "").unwrap();
        let text = "OUT=/usr/src/common\ninclude /usr/src/common/Makefile\nSHELL = /bin/sh\n";
        let want = "OUT=/home/c/usr/src/common\ninclude /home/c/usr/src/common/Makefile\nSHELL = /bin/sh\n";
        assert_eq!(rewrite(text, &unpacked, Path::new("/home/c")), want);
        fs::remove_dir_all(unpacked).unwrap();
    }

    #[test]
    fn the_requested_compiler_is_found() {
        let text = "override ARCH = x86\nCC = $(if $(X),$(CCACHE)) $(CROSS_COMPILE)gcc-12\n";
        assert_eq!(requested_compiler(text).as_deref(), Some("gcc-12"));
    }
}
