// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that are broken in two by the name of a task, which may have a line end: programs choose their
//! names (`prctl(PR_SET_NAME)`), and the kernel prints them as they are.
//!
//! ```text
//! [ 1052.080846] INFO: task left
//! [ 1052.080846] right:18088 blocked for more than 143 seconds.
//! ```

use memchr::memmem;

use crate::line::{LogLine, Prefix};

/// A message with a task's name in it.
struct Named {
    /// How it begins.
    begins: &'static [u8],
    /// What is right before the name.
    before: &'static [u8],
    /// What may be right behind it.
    behind: &'static [&'static [u8]],
}

const NAMED: [Named; 3] = [
    Named {
        begins: b"INFO: task ",
        before: b"INFO: task ",
        behind: &[
            b" blocked for more than ",
            b" blocked in I/O wait for more than ",
            b" can't die for more than ",
        ],
    },
    Named { begins: b"CPU: ", before: b" Comm: ", behind: &[b"Not tainted ", b"Tainted: "] },
    Named { begins: b"task:", before: b"task:", behind: &[b" state:"] },
];

/// Where a line continues a message that ends in the middle of a task's name. `None` if it does not.
pub(super) fn continued(message: &[u8], prefix: &Prefix, line: &LogLine<'_>) -> Option<usize> {
    let named = NAMED.iter().find(|named| message.starts_with(named.begins))?;
    let has_one = |text: &[u8]| named.behind.iter().any(|word| memmem::find(text, word).is_some());
    let body = line.body();
    let is_same_record = line.prefix.caller == prefix.caller && line.prefix.time_us == prefix.time_us;
    let is_own = !NAMED.iter().any(|other| body.starts_with(other.begins));
    let goes_on = is_same_record
        && is_own
        && memmem::find(message, named.before).is_some()
        && !has_one(message)
        && has_one(body);
    goes_on.then_some(line.prefix.body.start)
}
