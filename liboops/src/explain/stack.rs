// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stacks: an access below the end of one, and a stack pointer outside of it.

use super::named_ranges::{hex, pair};
use super::{Facts, Statement, StatementKind};
use crate::report::Origin;

/// Registers that are stack pointers.
const STACK_POINTERS: [&str; 4] = ["RSP", "ESP", "SP", "sp"];

/// The stack of a task, end not included.
struct Stack {
    start: u64,
    end: Option<u64>,
}

pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) {
    let guard = guard(facts);
    let hit = guard.is_some();
    statements.extend(guard);
    if !hit {
        statements.extend(outside(facts));
    }
}

/// `BUG: stack guard page was hit at X (stack is A..B)`, and arm64's list of stacks.
fn guard(facts: &Facts<'_>) -> Option<Statement> {
    let of_x86 = facts.behind("stack guard page was hit at ").and_then(|rest| {
        let (at, rest) = rest.split_once(" (stack is ")?;
        let (start, end) = pair(rest, "..")?;
        Some((hex(at)?, Stack { start, end: Some(end) }))
    });
    let of_arm64 = || {
        facts.behind("Insufficient stack space to handle exception")?;
        let stack = pair(facts.behind("Task stack:     [")?, "..")?;
        let address = facts.behind("FAR: ").and_then(hex)?;
        Some((address, Stack { start: stack.0, end: Some(stack.1) }))
    };
    let (at, stack) = of_x86.or_else(of_arm64)?;
    let below = stack.start.checked_sub(at).filter(|&below| below > 0)?;
    let end = stack.end.filter(|end| *end > stack.start)?;
    let text = format!("{at:#x} is {below:#x} bytes below the stack, which starts at {:#x}", stack.start);
    let statement = Statement::new(StatementKind::StackOverflow, text).with("address", at);
    Some(statement.with("start", stack.start).with("end", end))
}

/// The stack pointer is below the task's stack, or above it.
fn outside(facts: &Facts<'_>) -> Option<Statement> {
    let state = facts.report.states.iter().find(|state| state.origin == Origin::Fault)?;
    let (name, sp) = STACK_POINTERS.iter().find_map(|name| Some((*name, state.register(name)?)))?;
    let stack = task_stack(facts)?;
    let is_below = sp < stack.start;
    let is_above = stack.end.is_some_and(|end| sp > end);
    // Interrupts and exceptions may have stacks of their own.
    let is_own =
        facts.report.frames.iter().any(|frame| frame.context.as_deref().is_some_and(|on| on != "TASK"));
    if !is_below && !is_above || is_own {
        return None;
    }
    let where_to = if is_below { "below" } else { "above" };
    let edge = if is_below { stack.start } else { stack.end? };
    let end = if is_below { "starts" } else { "ends" };
    let text = format!("{name} {sp:#x} is {where_to} the task's stack, which {end} at {edge:#x}");
    Some(Statement::new(StatementKind::OutsideOfStack, text).with(name, sp).with(end, edge))
}

/// Where the task's stack is: arm's `stack limit`, x86's `threadinfo` at its start, arm64's list.
fn task_stack(facts: &Facts<'_>) -> Option<Stack> {
    if let Some((start, end)) = facts.behind("Task stack:     [").and_then(|rest| pair(rest, "..")) {
        return Some(Stack { start, end: Some(end) });
    }
    let process = facts.lines.iter().find(|line| line.starts_with("Process ") && line.contains("(pid: "))?;
    let number = |words: &str| process.split_once(words).and_then(|(_, rest)| hex(rest));
    number("stack limit = ").or_else(|| number("threadinfo=")).or_else(|| number("threadinfo ")).map(
        |start| {
            // How long it is differs between kernels.
            Stack { start, end: None }
        },
    )
}
