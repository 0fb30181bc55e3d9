// SPDX-License-Identifier: MIT OR Apache-2.0
//! The story that `cargo xtask demo` tells, told from inside the machine.

use anyhow::Result;

use crate::ctx::Ctx;
use crate::protocol::Line;

/// Tells it. Each line is shown on the host as it is said.
pub fn run(ctx: &mut Ctx) -> Result<()> {
    // PLACEHOLDER: the lead replaces these three lines by the story.
    ctx.say(format!("Linux {} is up.", ctx.read("/proc/sys/kernel/osrelease")?));
    ctx.say("The story is not written yet.");
    ctx.say("That was all.");
    Ok(())
}

impl Ctx {
    /// Shows a line to the person at the terminal.
    pub fn say(&mut self, text: impl Into<String>) {
        self.port().send(&Line::Say { say: text.into() });
    }
}
