// SPDX-License-Identifier: MIT OR Apache-2.0
//! The folder in which the kernel was built. Debug information has it in front of each path. A build with an
//! object folder of its own has two: that of the sources, and the other one for what was made in it. Debian
//! leaves only the latter one in the paths of all files: `debian/build/build_amd64_none_amd64/mm/slub.c`.

use std::collections::{BTreeMap, BTreeSet};

use libksym::Frame;

use super::SourceLine;
use crate::decode::{Annotation, AnnotationKind};

/// The folders at the top of the kernel's source tree.
const TOP: [&str; 23] = [
    "arch", "block", "certs", "crypto", "drivers", "fs", "include", "init", "io_uring", "ipc", "kernel",
    "lib", "mm", "net", "rust", "samples", "scripts", "security", "sound", "tools", "ubuntu", "usr", "virt",
];

/// Folders in which others of these names are: `drivers/net`, `arch/x86/kernel`.
const NESTING: [&str; 9] =
    ["arch", "drivers", "include", "fs", "sound", "tools", "samples", "lib", "security"];

/// The folder in which a kernel was built, if the paths of its sources tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildRoot {
    root: Option<String>,
    /// Folders of objects in it, the longest first.
    objects: Vec<String>,
}

impl BuildRoot {
    /// By the source files that the annotations of a report name.
    #[must_use]
    pub fn of(annotations: &[&Annotation]) -> Self {
        let answers = annotations.iter().filter_map(|annotation| match &annotation.kind {
            AnnotationKind::Code { answer, .. } => Some(answer),
            _ => None,
        });
        let frames = answers.flat_map(|answer| &answer.candidates).flat_map(|location| &location.frames);
        Self::of_paths(frames.filter_map(|frame| frame.file.as_deref()))
    }

    fn of_paths<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let paths: BTreeSet<&str> = paths.collect();
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for path in paths {
            if let Some(root) = root_of(path) {
                let count = votes.entry(root).or_default();
                *count = count.saturating_add(1);
            }
        }
        // Of equally many the shorter one: what is below it is still told apart.
        let best = votes.iter().max_by_key(|(root, count)| (**count, std::cmp::Reverse(root.len())));
        let Some(best) = best.map(|(root, _)| *root) else { return Self::default() };
        let is_in_best = |root: &&str| root.strip_prefix(best).is_some_and(|rest| rest.starts_with('/'));
        let mut objects: Vec<String> = votes.keys().copied().filter(is_in_best).map(str::to_owned).collect();
        objects.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
        Self { root: Some(best.to_owned()), objects }
    }

    /// The folder, without a slash at its end, if the paths have all of its name.
    #[must_use]
    pub fn folder(&self) -> Option<&str> {
        self.root.as_deref().filter(|root| root.starts_with('/'))
    }

    /// A path below the folder, or the whole path if it is elsewhere.
    #[must_use]
    pub fn stripped<'p>(&self, path: &'p str) -> &'p str {
        let below = self.all().find_map(|root| path.strip_prefix(root)?.strip_prefix('/'));
        below.filter(|below| !below.is_empty()).unwrap_or(path)
    }

    /// A text in which the folder is left out wherever a path begins with it.
    #[must_use]
    pub fn stripped_text(&self, text: &str) -> String {
        self.all().fold(text.to_owned(), |text, root| text.replace(&format!("{root}/"), ""))
    }

    /// A path without the folder that its own parts tell: where no file is known, there are no others.
    #[must_use]
    pub fn below_a_root(path: &str) -> &str {
        let root = path.starts_with('/').then(|| root_of(path)).flatten();
        root.and_then(|root| path.strip_prefix(root)?.strip_prefix('/')).unwrap_or(path)
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().chain(&self.root).map(String::as_str)
    }

    /// The line of a frame, if the frame has a file.
    #[must_use]
    pub fn source_line(&self, frame: &Frame) -> Option<SourceLine> {
        let path = frame.file.as_deref()?;
        let relative = self.stripped(path).to_owned();
        let mut shown = relative.clone();
        for number in [frame.line, frame.column].into_iter().flatten() {
            shown.push_str(&format!(":{number}"));
        }
        Some(SourceLine { shown, path: path.to_owned(), relative, line: frame.line.unwrap_or(0) })
    }
}

/// The part of a path before the first folder that may be one at the top of the kernel's tree.
fn root_of(path: &str) -> Option<&str> {
    let first = path.split('/').next().unwrap_or_default();
    // It is below the tree already; or it is another one beside the build's folder.
    if TOP.contains(&first) || matches!(first, "." | "..") {
        return None;
    }
    let parts: Vec<(usize, &str)> = path
        .match_indices('/')
        .map(|(at, _)| at)
        .map(|at| {
            let rest = path.get(at.saturating_add(1)..).unwrap_or_default();
            (at, rest.split('/').next().unwrap_or_default())
        })
        .collect();
    // The last part is the file.
    let folders = parts.split_last().map(|(_, folders)| folders).unwrap_or_default();
    let tops: Vec<&(usize, &str)> = folders.iter().filter(|(_, name)| TOP.contains(name)).collect();
    let mut best: Option<&(usize, &str)> = None;
    for top in tops {
        match best {
            // `/home/me/kernel/linux/mm`: in `kernel` there is no other one of these names.
            Some((_, outer)) if NESTING.contains(outer) => {}
            _ => best = Some(top),
        }
    }
    let (at, _) = best?;
    path.get(..*at).filter(|root| !root.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(paths: &[&str]) -> Option<String> {
        BuildRoot::of_paths(paths.iter().copied()).root
    }

    #[test]
    fn of_one_path() {
        for (path, folder) in [
            ("/build/linux-6.1.172/fs/ext4/super.c", Some("/build/linux-6.1.172")),
            ("/build/linux/drivers/net/veth.c", Some("/build/linux")),
            ("/build/linux/arch/x86/kernel/traps.c", Some("/build/linux")),
            ("/build/linux/arch/x86/include/asm/bug.h", Some("/build/linux")),
            ("/home/me/kernel/linux/mm/slub.c", Some("/home/me/kernel/linux")),
            ("/usr/src/linux/mm/slub.c", Some("/usr/src/linux")),
            ("/home/me/meter.c", None),
            ("/fs/ext4/super.c", None),
            ("fs/ext4/super.c", None),
            ("drivers/net/veth.c", None),
            ("./include/linux/list.h", None),
            ("../linux/drivers/net/veth.c", None),
            ("meter.c", None),
            (
                "debian/build/build_amd64_none_amd64/kernel/params.c",
                Some("debian/build/build_amd64_none_amd64"),
            ),
            ("debian/build/build_amd64_none_amd64/meter.c", None),
        ] {
            assert_eq!(root(&[path]).as_deref(), folder, "{path}");
        }
    }

    #[test]
    fn what_most_paths_have_is_stripped() {
        let paths = ["/b/linux/mm/slub.c", "/b/linux/fs/read_write.c", "/home/me/drivers/meter.c"];
        let root = BuildRoot::of_paths(paths.into_iter());
        assert_eq!(root.stripped(paths[0]), "mm/slub.c");
        assert_eq!(root.stripped(paths[2]), paths[2]);
        assert_eq!(root.stripped_text("at /b/linux/mm/slub.c:12"), "at mm/slub.c:12");
        assert_eq!(BuildRoot::default().stripped(paths[0]), paths[0]);
    }

    #[test]
    fn a_folder_of_objects_is_stripped_as_well() {
        const OBJECTS: &str = "debian/build/build_amd64_none_amd64";
        let below = |path: &str| format!("{OBJECTS}/{path}");
        let paths = [below("kernel/params.c"), below("fs/kernfs/file.c"), "/home/me/meter.c".to_owned()];
        let root = BuildRoot::of_paths(paths.iter().map(String::as_str));
        assert_eq!(root.stripped(&paths[0]), "kernel/params.c");
        assert_eq!(root.stripped(&paths[2]), "/home/me/meter.c");
        assert_eq!(root.stripped_text(&format!("BUG at {}:12!", paths[1])), "BUG at fs/kernfs/file.c:12!");
        assert_eq!(root.folder(), None, "nobody knows where it was");

        let objects = "/b/linux/debian/build/build_amd64/include/generated/x.h";
        let paths = ["/b/linux/mm/slub.c", "/b/linux/fs/read_write.c", objects];
        let root = BuildRoot::of_paths(paths.into_iter());
        assert_eq!((root.folder(), root.stripped(paths[0])), (Some("/b/linux"), "mm/slub.c"));
        assert_eq!(root.stripped(objects), "include/generated/x.h");
        assert_eq!(
            root.stripped_text(&format!("{objects}:1, {}:2", paths[0])),
            "include/generated/x.h:1, mm/slub.c:2"
        );
    }
}
