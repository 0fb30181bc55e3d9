// SPDX-License-Identifier: MIT OR Apache-2.0
//! Labels that say on which stack the frames of a call trace are: `<IRQ>`, `</IRQ>`, `<EOI>`, `<<EOE>>`,
//! `<#DF>`.

use crate::cursor::{Cursor, text};

/// The stack that a call trace is on.
#[derive(Debug, Default)]
pub(super) struct StackLabels {
    current: Option<String>,
}

impl StackLabels {
    /// The label of the stack, if it has one.
    pub fn current(&self) -> Option<String> {
        self.current.clone()
    }

    /// A call trace begins.
    pub fn clear(&mut self) {
        self.current = None;
    }

    /// Reads labels, and `Call Trace:`, at the beginning of a message. Returns where they end, and whether
    /// there was a label.
    pub fn read(&mut self, body: &[u8]) -> (usize, bool) {
        let mut cursor = Cursor::new(body);
        let mut labelled = false;
        loop {
            let mut ahead = cursor;
            ahead.blanks();
            if ahead.eat(b"Call Trace:") {
                cursor = ahead;
            }
            ahead.blanks();
            if !ahead.eat(b"<") {
                return (if labelled { ahead.position() } else { cursor.position() }, labelled);
            }
            ahead.eat(b"<");
            let leaves = ahead.eat(b"/");
            let name = ahead
                .take_while(|byte| byte.is_ascii_uppercase() || matches!(byte, b'#' | b'_' | b'0'..=b'9'));
            let is_label = name.iter().any(u8::is_ascii_uppercase) && ahead.eat(b">");
            if !is_label {
                return (cursor.position(), labelled);
            }
            ahead.eat(b">");
            let leaves = leaves || matches!(name, b"EOI" | b"EOE");
            self.current = (!leaves).then(|| text(name));
            labelled = true;
            cursor = ahead;
        }
    }
}
