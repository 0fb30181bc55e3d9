// SPDX-License-Identifier: MIT OR Apache-2.0
//! The list of modules: `Modules linked in: a(O) b(POE+) c(-) [last unloaded: d(O)]`.

use memchr::memmem;

use super::context::{Context, ModuleName};
use crate::cursor::{Cursor, is_blank, text};
use crate::message::Message;

/// Reads the line that begins the list.
pub(super) fn read(message: &Message<'_>, context: &mut Context) {
    let at = memmem::find(message.text, b"linked in:").map_or(message.text.len(), |at| at.saturating_add(10));
    context.modules = Some(Vec::new());
    names(message, at, context);
}

/// Reads a further line of a list that the kernel wrapped. `false` if the message is not one.
pub(super) fn more(message: &Message<'_>, context: &mut Context) -> bool {
    let words = || message.text.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty());
    let is_indented = message.text.first().is_some_and(|&byte| is_blank(byte)) && words().next().is_some();
    let is_name = |word: &[u8]| {
        let name = word.split(|&byte| byte == b'(').next().unwrap_or_default();
        !name.is_empty() && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let has_names = || words().take_while(|word| !word.starts_with(b"[")).all(is_name);
    if !is_indented || context.modules.is_none() || !has_names() {
        return false;
    }
    names(message, 0, context);
    true
}

/// Reads the names, starting at byte `from` of the message.
fn names(message: &Message<'_>, from: usize, context: &mut Context) {
    let mut cursor = Cursor::at(message.text, from);
    loop {
        cursor.blanks();
        if cursor.is_at_end() {
            return;
        }
        if cursor.eat(b"[last unloaded: ") {
            let name = cursor.take_while(|byte| !matches!(byte, b'(' | b']' | b' ' | b':'));
            context.last_unloaded = Some(text(name));
            return;
        }
        // `[unloaded tainted modules: e():1]`
        if cursor.peek() == Some(b'[') {
            cursor.take_while(|byte| byte != b']');
            cursor.skip(1);
            continue;
        }
        let start = cursor.position();
        let name = cursor.take_while(|byte| !is_blank(byte) && byte != b'(');
        let mut flags = &b""[..];
        if cursor.eat(b"(") {
            flags = cursor.take_while(|byte| !is_blank(byte) && byte != b')');
            cursor.eat(b")");
        }
        if name.is_empty() {
            cursor.skip(1);
            continue;
        }
        let span = message.span(start..cursor.position());
        let module = ModuleName { name: text(name), flags: text(flags), span };
        context.modules.get_or_insert_default().push(module);
    }
}
