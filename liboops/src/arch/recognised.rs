// SPDX-License-Identifier: MIT OR Apache-2.0
//! Architectures whose lines are recognised by their beginnings, but not taken apart.

use super::architecture::{Architecture, Item};
use crate::message::Message;

/// An architecture, known by the beginnings of its lines.
#[derive(Debug)]
pub(super) struct Recognised {
    pub name: &'static str,
    pub beginnings: &'static [&'static [u8]],
}

impl Architecture for Recognised {
    fn name(&self) -> &'static str {
        self.name
    }

    fn read(&self, message: &Message<'_>) -> Option<Item> {
        let text = message.text.trim_ascii_start();
        let first = text.first();
        let begins = |beginning: &&[u8]| beginning.first() == first && text.starts_with(beginning);
        self.beginnings.iter().any(begins).then_some(Item::Known)
    }
}
