// SPDX-License-Identifier: MIT OR Apache-2.0
//! Joins parameters: several arguments become the one string that the kernel takes.
//!
//! The kernel splits it at blanks unless a value is in double quotes, and the shell has removed the user's
//! quotes. So a value with a blank is quoted again, unless it begins with a quote: then the user has done so.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Joins all parameters into one string, as kmod 34 does.
pub(crate) fn join(params: &[OsString]) -> Vec<u8> {
    let words: Vec<Vec<u8>> = params.iter().map(|param| quoted(param.as_bytes())).collect();
    words.join(&b' ')
}

fn quoted(word: &[u8]) -> Vec<u8> {
    let Some(equals) = word.iter().position(|&byte| byte == b'=') else {
        return word.to_vec();
    };
    let (key, value) = word.split_at(equals + 1);
    let is_quoted = matches!(value, [b'"' | b'\'', ..]);
    // The blank only: kmod does not quote a value with a tab.
    if is_quoted || !value.contains(&b' ') {
        return word.to_vec();
    }
    [key, b"\"", value, b"\""].concat()
}

#[cfg(test)]
mod tests {
    use super::join;

    fn joined(words: &[&str]) -> String {
        String::from_utf8(join(&words.iter().map(Into::into).collect::<Vec<_>>())).unwrap()
    }

    #[test]
    fn words_are_joined_by_one_blank_without_one_at_the_end() {
        assert_eq!(joined(&[]), "");
        assert_eq!(joined(&["a=1"]), "a=1");
        assert_eq!(joined(&["a=1", "b", "c=2,3"]), "a=1 b c=2,3");
    }

    #[test]
    fn a_value_with_a_blank_is_quoted() {
        assert_eq!(joined(&["p=a b", "q=1"]), "p=\"a b\" q=1");
        assert_eq!(joined(&["path=x format=lime"]), "path=\"x format=lime\"");
        assert_eq!(joined(&["p= "]), "p=\" \"");
    }

    #[test]
    fn what_the_user_quoted_goes_through() {
        assert_eq!(joined(&["p=\"a b\""]), "p=\"a b\"");
        assert_eq!(joined(&["p='a b'"]), "p='a b'");
        assert_eq!(joined(&["p=\"a b"]), "p=\"a b");
    }

    #[test]
    fn a_quote_inside_is_not_escaped_and_a_tab_is_no_blank() {
        assert_eq!(joined(&["p=a \"b"]), "p=\"a \"b\"");
        assert_eq!(joined(&["p=a\tb"]), "p=a\tb");
    }

    #[test]
    fn a_word_without_equals_goes_through() {
        assert_eq!(joined(&["a b", ""]), "a b ");
    }
}
