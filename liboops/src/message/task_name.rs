// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that are broken in two by the name of a task, which may have a line end: programs choose their names
//! (`prctl(PR_SET_NAME)`), and the kernel prints them as they are.
//!
//! ```text
//! [ 1052.080846] INFO: task left
//! [ 1052.080846] right:18088 blocked for more than 143 seconds.
//! ```

use memchr::memmem;

use crate::line::{LogLine, Prefix};

/// Beginnings of messages with a task's name, a word before it, and words of which one is behind it.
const NAMED: [(&[u8], &[u8], &[&[u8]]); 3] = [
    (
        b"INFO: task ",
        b"INFO: task ",
        &[b" blocked for more than ", b" blocked in I/O wait for more than ", b" can't die for more than "],
    ),
    (b"CPU: ", b" Comm: ", &[b"Not tainted ", b"Tainted: "]),
    (b"task:", b"task:", &[b" state:"]),
];

/// Where a line continues a message that ends in the middle of a task's name. `None` if it does not.
pub(super) fn continued(message: &[u8], prefix: &Prefix, line: &LogLine<'_>) -> Option<usize> {
    let (_, before, behind) = NAMED.iter().find(|(begins, _, _)| message.starts_with(begins))?;
    let has_one = |text: &[u8]| behind.iter().any(|word| memmem::find(text, word).is_some());
    let body = line.body();
    let is_same_record = line.prefix.caller == prefix.caller && line.prefix.time_us == prefix.time_us;
    let is_own = !NAMED.iter().any(|(begins, _, _)| body.starts_with(begins));
    let goes_on = is_same_record
        && is_own
        && memmem::find(message, before).is_some()
        && !has_one(message)
        && has_one(body);
    goes_on.then_some(line.prefix.body.start)
}
