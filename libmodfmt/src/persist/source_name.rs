// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the names of symbols and files to those in the source.

use std::borrow::Cow;

/// Endings of source files that kbuild leaves out of their base names.
const EXTENSIONS: [&str; 5] = [".c", ".rs", ".S", ".cc", ".cpp"];

/// The name in the source: what compilers append to a symbol is cut off.
pub(super) fn source_name(symbol: &str) -> &str {
    let mut name = symbol;
    while let Some((head, tail)) = name.rsplit_once('.') {
        let number = !tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit());
        if head.is_empty() || !(number || matches!(tail, "lto_priv" | "llvm")) {
            break;
        }
        name = head;
    }
    name
}

/// Function and name of a static in a function: clang calls it `function.name`. No name in C has a dot.
pub(super) fn function_and_name(name: &str) -> (Option<&str>, &str) {
    match name.split_once('.') {
        Some((function, name)) if !function.is_empty() && !name.is_empty() => (Some(function), name),
        _ => (None, name),
    }
}

/// The base name that kbuild makes of a source file's name. It leaves base names as they are.
pub(super) fn base_name(file: &str) -> Cow<'_, str> {
    let stem = EXTENSIONS.iter().find_map(|extension| file.strip_suffix(extension)).unwrap_or(file);
    if stem.contains(['-', ',']) { stem.replace(['-', ','], "_").into() } else { stem.into() }
}

#[cfg(test)]
mod tests {
    use super::{base_name, function_and_name, source_name};

    #[test]
    fn compiler_suffixes_are_dropped() {
        assert_eq!(source_name("cnt"), "cnt");
        assert_eq!(source_name("cnt.0"), "cnt");
        assert_eq!(source_name("cnt.lto_priv.12"), "cnt");
        assert_eq!(source_name("poll.cnt"), "poll.cnt", "clang names the function");
        assert_eq!(source_name("poll.cnt.3"), "poll.cnt", "in two blocks of the function");
        assert_eq!(source_name(".5"), ".5");
    }

    #[test]
    fn clang_names_the_function() {
        assert_eq!(function_and_name("poll.cnt"), (Some("poll"), "cnt"));
        assert_eq!(function_and_name("cnt"), (None, "cnt"));
        assert_eq!(function_and_name(".5"), (None, ".5"));
    }

    #[test]
    fn files_by_their_base_names() {
        assert_eq!(base_name("foo-main.c"), "foo_main");
        assert_eq!(base_name("foo_main"), "foo_main");
        assert_eq!(base_name("a.b.c"), "a.b");
        assert_eq!(base_name(".c"), "");
    }
}
