// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the name of a symbol to that of the variable in the source.

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

#[cfg(test)]
mod tests {
    use super::source_name;

    #[test]
    fn compiler_suffixes_are_dropped() {
        assert_eq!(source_name("cnt"), "cnt");
        assert_eq!(source_name("cnt.0"), "cnt");
        assert_eq!(source_name("cnt.lto_priv.12"), "cnt");
        assert_eq!(source_name("poll.cnt"), "poll.cnt", "clang names the function");
        assert_eq!(source_name(".5"), ".5");
    }
}
