// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line for the kernel's log when a module was refused and nobody reads standard error.
//!
//! When the kernel or udev asks for a module, modprobe runs insmod by a line of its configuration, and what
//! insmod writes goes nowhere: the device just does not work. The log has one line for such a call:
//!
//! ```text
//! insmod: meter: not loaded: its persistent data differs from what is kept in the kernel: meter.c:meter ...
//! ```

use modcli::escape;

/// The kernel refuses a text that is longer than a record: 1024 bytes less a prefix (`devkmsg_write()`).
const MAX_LINE_BYTES: usize = 900;

const CUT: &str = " ...";

/// The line, of at most [`MAX_LINE_BYTES`], escaped.
pub(crate) fn refusal(command: &str, module: &str, text: &str, details: &[String]) -> String {
    let mut line = format!("{command}: {module}: not loaded: {text}");
    for (number, detail) in details.iter().enumerate() {
        line.push_str(if number == 0 { ": " } else { "; " });
        line.push_str(detail.trim());
        // The rest would be cut off.
        if line.len() > MAX_LINE_BYTES {
            break;
        }
    }
    let mut line = escape::line(&line).into_owned();
    if line.len() > MAX_LINE_BYTES {
        let mut end = MAX_LINE_BYTES - CUT.len();
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.truncate(end);
        line.push_str(CUT);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_with_the_details() {
        let details = ["a.c:x: has 4 bytes, had 8".to_owned(), "  a.c:\x1b[1my is gone".to_owned()];
        assert_eq!(
            refusal("insmod", "foo", "its data differs", &details),
            "insmod: foo: not loaded: its data differs: a.c:x: has 4 bytes, had 8; a.c:\\x1b[1my is gone"
        );
    }

    #[test]
    fn a_line_fits_into_a_record() {
        let details = vec!["caf\u{e9}, \u{20ac}".to_owned(); 500];
        for length in 0..8 {
            let line = refusal("insmod", &"n".repeat(length), "text", &details);
            assert!(line.len() <= MAX_LINE_BYTES && line.ends_with(CUT), "{line}");
        }
    }
}
