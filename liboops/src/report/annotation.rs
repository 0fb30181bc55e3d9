// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines that ksymoops adds to a log. They are no part of it, wherever they stand.

/// Whether a line is one that ksymoops has added: `  ;; RIP f at a.c:12`.
pub(super) fn is_one(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b";;")
}
