// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links to source files, as terminals have them (OSC 8).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use modcli::escape;

use super::source_folder::SourceFolder;
use crate::head::SourceLine;

/// The text with links to the files that it names and that are on this machine. `None` if there are none.
pub(super) fn linked(text: &str, sources: &[SourceLine], folder: Option<&SourceFolder>) -> Option<String> {
    let mut text = text.to_owned();
    let mut is_linked = false;
    for source in sources {
        let shown = escape::line(&source.shown);
        let Some(path) = file(source, folder).filter(|_| text.contains(&*shown)) else { continue };
        let link = format!("\x1b]8;;{}\x1b\\{shown}\x1b]8;;\x1b\\", url(&path));
        text = text.replacen(&*shown, &link, 1);
        is_linked = true;
    }
    is_linked.then_some(text)
}

fn file(source: &SourceLine, folder: Option<&SourceFolder>) -> Option<PathBuf> {
    match folder {
        Some(folder) => folder.path(source),
        None => Some(PathBuf::from(&source.path)).filter(|path| path.is_absolute() && path.is_file()),
    }
}

/// `file:///a/b%20c.c`
fn url(path: &Path) -> String {
    let mut url = String::from("file://");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~+".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_are_here_are_linked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.c");
        std::fs::write(&path, "").unwrap();
        let source = |path: &Path| SourceLine {
            shown: "a b.c:12".into(),
            path: path.to_str().unwrap().into(),
            relative: "a b.c".into(),
            line: 12,
        };
        let text = linked("f at a b.c:12, g", &[source(&path)], None).unwrap();
        let encoded = url(&path);
        assert!(encoded.ends_with("/a%20b.c"), "{encoded}");
        assert_eq!(text, format!("f at \x1b]8;;{encoded}\x1b\\a b.c:12\x1b]8;;\x1b\\, g"));
        assert_eq!(linked("f at a b.c:12", &[source(Path::new("/no/such/a b.c"))], None), None);
        let below = SourceFolder::new(folder.path().to_owned());
        assert!(linked("f at a b.c:12", &[source(Path::new("/no/such/a b.c"))], Some(&below)).is_some());
    }
}
