// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a report's numbers say about the cause: a null pointer, a freed object, an error number.
//!
//! [`explain`] goes by the log alone and by the memory that the instruction at the fault accessed, which a
//! disassembler tells ([`Access`]). Each rule is one file; it says what follows from the numbers, and nothing
//! where they do not tell. A wrong statement is worse than none: what is only likely is said as that.

mod access;
mod address_space;
mod bit_flip;
mod call;
mod displacement;
mod divisor;
mod error_pointer;
mod facts;
mod failed_access;
mod indirect_jump;
mod init_exit;
mod instruction_fetch;
mod kasan_shadow;
mod list_poison;
mod named_ranges;
mod non_canonical;
mod null_pointer;
mod out_of_tree;
mod per_cpu;
mod slab_poison;
mod stack;
mod statement;
mod subject;
mod taint;
mod user_pointer;

pub use access::Access;
pub use address_space::Half;
pub use facts::Facts;
pub use failed_access::failed_access;
pub use statement::{Statement, StatementKind, Value};
pub use taint::taint_words;

/// Returns what there is to say, the statements about the address first.
#[must_use]
pub fn explain(facts: &Facts<'_>) -> Vec<Statement> {
    let mut statements = Vec::new();
    stack::explain(facts, &mut statements);
    call::explain(facts, &mut statements);
    divisor::explain(facts, &mut statements);
    statements.extend(init_exit::explain(facts));
    if !instruction_fetch::is_fetch(facts) {
        let shadow = kasan_shadow::explain(facts, &mut statements);
        if let Some(subject) = shadow.or_else(|| subject::Subject::of(facts)) {
            address(facts, &subject, &mut statements);
        }
        statements.extend(indirect_jump::explain(facts));
        displacement::explain(facts, &mut statements);
        per_cpu::explain(facts, &mut statements);
    }
    out_of_tree::explain(facts, &mut statements);
    taint::explain(facts, &mut statements);
    statements
}

/// What an address is: the first rule that knows it. Each of them excludes those after it.
fn address(facts: &Facts<'_>, subject: &subject::Subject, statements: &mut Vec<Statement>) {
    let known = error_pointer::of_registers(facts, subject)
        .or_else(|| list_poison::explain(facts, subject))
        .or_else(|| slab_poison::explain(facts, subject))
        .or_else(|| null_pointer::explain(facts, subject))
        .or_else(|| error_pointer::of_address(facts, subject));
    let is_known = known.is_some();
    statements.extend(known);
    if !is_known {
        statements.extend(user_pointer::explain(facts, subject));
    }
    statements.extend(non_canonical::explain(facts, subject));
    if !is_known {
        statements.extend(bit_flip::explain(facts, subject));
    }
}
