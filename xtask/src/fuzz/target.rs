// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fuzz targets, as far as running them goes. What they try is in fuzz/src/targets.

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Longest input in bytes.
    pub max_bytes: usize,
    /// The source that it is there for: its coverage is printed. Paths begin with one of these.
    pub sources: &'static [&'static str],
}

/// All of them.
pub const ALL: &[Target] = &[
    Target {
        name: "binding",
        max_bytes: 8 << 10,
        sources: &["libmodfmt/src/persist/binding/", "libmodfmt/src/convert/", "libmodfmt/src/types/"],
    },
    Target { name: "btf", max_bytes: 8 << 10, sources: &["libmodfmt/src/btf/"] },
    Target { name: "decompress", max_bytes: 4 << 10, sources: &["libmodfmt/src/compress/"] },
    Target {
        name: "dwarf",
        max_bytes: 32 << 10,
        sources: &[
            "libmodfmt/src/dwarf/",
            "libmodfmt/src/types/",
            "libksym/src/dwarf/",
            "libksym/src/image/",
        ],
    },
    Target {
        name: "header",
        max_bytes: 8 << 10,
        sources: &["libmodfmt/src/persist/", "libmodfmt/src/types/", "libmodfmt/src/note.rs"],
    },
    Target {
        name: "image",
        max_bytes: 32 << 10,
        sources: &["libmodfmt/src/image/", "libmodfmt/src/persist/", "libmodfmt/src/elf/"],
    },
    Target {
        name: "log",
        max_bytes: 16 << 10,
        sources: &["liboops/src/", "ksymoops/src/decode/", "ksymoops/src/render/"],
    },
    Target {
        name: "module_file",
        max_bytes: 32 << 10,
        sources: &[
            "libmodfmt/src/file/",
            "libmodfmt/src/elf/",
            "libmodfmt/src/export/",
            "libmodfmt/src/modinfo/",
            "libmodfmt/src/versions/",
            "libmodfmt/src/module.rs",
            "libmodfmt/src/parameters.rs",
            "libmodfmt/src/signature.rs",
        ],
    },
    Target { name: "saved", max_bytes: 32 << 10, sources: &["modrecord/src/saved_values/"] },
    Target {
        name: "symbols",
        max_bytes: 16 << 10,
        sources: &["libksym/src/symbols/", "libksym/src/resolve/", "libksym/src/code/", "libksym/src/image/"],
    },
    Target {
        name: "texts",
        max_bytes: 8 << 10,
        sources: &["libmodfmt/src/proc/", "libmodfmt/src/journal/", "libmodfmt/src/persist/extended/"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn each_target_has_a_program_and_its_sources_exist() {
        for target in ALL {
            let program = workspace::root().join(format!("fuzz/libfuzzer/{}.rs", target.name));
            assert!(program.is_file(), "{}", program.display());
            for source in target.sources {
                assert!(workspace::root().join(source).exists(), "{source}");
            }
        }
        let programs = std::fs::read_dir(workspace::root().join("fuzz/libfuzzer")).unwrap().count();
        assert_eq!(programs, ALL.len());
    }
}
