// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters and local variables of the function whose registers the log has, and of what is inlined at that
//! instruction; and of its callers, where it is certain what they have in registers.
//!
//! They are said only where the file is known to be what ran: by build id, or, where the log and the journal
//! have none, because it has the code that the log shows.

use libksym::code::Listing;
use libksym::{Location, MachineState, Variable, VariableValue};
use liboops::explain::{Access, Facts, Statement, StatementKind, failed_access};
use liboops::report::{Place, State};

use super::callers::{self, Caller};
use super::lookup::Lookup;
use super::registers;
use super::stack_words::StackWords;
use crate::persistent::PersistentAddress;

/// So many variables are named.
const MAX_NAMED: usize = 16;
/// And so many of callers.
const MAX_OF_CALLERS: usize = 12;
/// What the number of a caller is called among the values. No variable has such a name.
const CALLER_KEY: &str = "caller#";
/// A line has about so many columns.
const MAX_COLUMNS: usize = 96;

/// Names of x86-64's registers by their numbers in DWARF (System V ABI, figure 3.36).
const X86_64: [&str; 16] = [
    "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "r15",
];

/// What `rep` changes while the instruction runs.
const CHANGED_BY_REP: [&str; 3] = ["rcx", "rsi", "rdi"];

/// Appends what is known of the variables at the fault.
pub(super) fn explain(
    lookup: &Lookup<'_>,
    listing: Option<&Listing>,
    facts: &Facts<'_>,
    statements: &mut Vec<Statement>,
) {
    let Some(state) = lookup.report.fault() else { return };
    let Some(place) = place(lookup, state) else { return };
    if !is_what_ran(lookup, &place, listing) {
        return;
    }
    let marked = listing.and_then(|listing| listing.instructions.get(listing.marked?));
    let is_x86_64 = lookup.report.arch == Some("x86_64");
    let stack_pointer = registers::value(state, "rsp").filter(|_| is_x86_64);
    let shown = Shown {
        arch: lookup.report.arch,
        state,
        is_repeated: marked.is_some_and(|one| one.text.starts_with("rep")),
        stack: stack_pointer.map(|pointer| StackWords::of_x86_64(&facts.lines, pointer)).unwrap_or_default(),
    };
    let variables = lookup.kernel.resolver.variables(&place, &shown);
    statements.extend(failed_access(facts).and_then(|access| member(lookup, access, &variables)));
    let known_here = variables.iter().filter_map(|variable| known(lookup, variable, None));
    statements.extend(known_here.take(MAX_NAMED));
    for (value, words) in [
        (VariableValue::OptimisedOut, "optimised out"),
        (VariableValue::EntryValue, "known only at entry of the function, not here"),
        (VariableValue::Elsewhere, "not in a register: the log does not show them"),
    ] {
        let names: Vec<_> = variables.iter().filter(|one| one.value == value).collect();
        statements.extend(unknown(&names, words));
    }
    // That the code at the fault is the file's says nothing of other functions.
    let is_known = |caller: &Location| lookup.kernel.resolver.is_named_build(caller) == Some(true);
    let callers = match is_x86_64 {
        true => callers::find(lookup, state, &place, &shown, &shown.stack, &is_known),
        false => Vec::new(),
    };
    let of_callers = callers.iter().enumerate().flat_map(|(index, caller)| {
        let number = index.saturating_add(1);
        caller.variables.iter().filter_map(move |variable| known(lookup, variable, Some((number, caller))))
    });
    statements.extend(of_callers.take(MAX_OF_CALLERS));
}

/// What the log shows of the processor.
struct Shown<'a> {
    arch: Option<&'a str>,
    state: &'a State,
    /// The instruction changes registers while it runs.
    is_repeated: bool,
    stack: StackWords,
}

impl MachineState for Shown<'_> {
    fn register(&self, number: u16) -> Option<u64> {
        let name = register_name(self.arch, number)?;
        let changed = self.is_repeated && CHANGED_BY_REP.contains(&name.as_str());
        if changed { None } else { registers::value(self.state, &name) }
    }

    fn memory(&self, address: u64, size: u64) -> Option<u64> {
        self.stack.number(address, size)
    }
}

/// Where the instruction is, if there is one answer with debug information.
fn place(lookup: &Lookup<'_>, state: &State) -> Option<Location> {
    // The registers of s390 and of a delay slot are not those at this place.
    let is_exact = |pc: &&Place| pc.symbol.is_some() && !pc.is_decoded() && state.instruction_offset == 0;
    let pc = state.pc.as_ref().filter(is_exact)?;
    let answer = lookup.code(pc)?;
    match answer.candidates.as_slice() {
        [only] if !only.frames.is_empty() => Some(only.clone()),
        _ => None,
    }
}

/// Whether the file is of the build that ran: by build id if that is known, else by the code in the log.
fn is_what_ran(lookup: &Lookup<'_>, place: &Location, listing: Option<&Listing>) -> bool {
    let has_code = || {
        let shown = listing.filter(|listing| listing.instructions.iter().all(|one| !one.patched));
        shown.is_some_and(|listing| listing.instructions.len() > 4)
            && lookup.kernel.resolver.function_code(place).is_some()
    };
    lookup.kernel.resolver.is_named_build(place).unwrap_or_else(has_code)
}

fn register_name(arch: Option<&str>, number: u16) -> Option<String> {
    match arch? {
        "x86_64" => X86_64.get(usize::from(number)).map(|name| (*name).to_owned()),
        "aarch64" => match number {
            0..=30 => Some(format!("x{number}")),
            31 => Some("sp".to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// `parameter dev of probe is 0xffff888100000000 (struct device *, in rdi)`; of a caller, which is given with
/// its number, `caller 1: parameter ...`.
fn known(lookup: &Lookup<'_>, variable: &Variable, caller: Option<(usize, &Caller)>) -> Option<Statement> {
    let VariableValue::Known { value, is_signed, register, address, .. } = variable.value else {
        return None;
    };
    let ty = variable.type_name.as_deref().unwrap_or("unknown type");
    let was_saved = caller.zip(register).is_some_and(|((_, caller), number)| caller.was_saved(number));
    let register = register.and_then(|number| register_name(lookup.report.arch, number));
    let place = match (&register, address) {
        (Some(name), _) if was_saved => format!(", {name} as saved on the stack"),
        (Some(name), _) if caller.is_some() => format!(", still in {name}"),
        (Some(name), _) => format!(", in {name}"),
        (None, Some(_)) => ", on the stack".to_owned(),
        (None, None) => String::new(),
    };
    let number = if is_signed { format!("{}", value.cast_signed()) } else { format!("{value:#x}") };
    let persistent =
        lookup.persistent(value).filter(PersistentAddress::is_inside).filter(|_| ty.ends_with('*'));
    let persistent = persistent.map(|found| {
        let field = found.path.or(found.variable).unwrap_or(found.section);
        format!(": {field} of {}, persistent", found.owner)
    });
    let token = lookup.token(value).filter(|_| ty.ends_with('*'));
    let token = token.map(|found| format!(": {}", found.with_field()));
    let kind = if variable.is_parameter { "parameter" } else { "local" };
    let of_caller = caller.map(|(number, _)| format!("caller {number}: ")).unwrap_or_default();
    let text = format!(
        "{of_caller}{kind} {} of {} is {number} ({ty}{place}){}",
        variable.name,
        variable.function,
        persistent.or(token).unwrap_or_default()
    );
    let statement = Statement::new(StatementKind::Variable, text).with(&variable.name, value);
    Some(match caller {
        Some((number, _)) => statement.with(CALLER_KEY, number as u64),
        None => statement,
    })
}

/// `dev of probe and other of f: optimised out`, in as many lines as it takes.
fn unknown(variables: &[&Variable], words: &str) -> Vec<Statement> {
    let mut lines: Vec<String> = Vec::new();
    for variable in variables {
        let name = format!("{} of {}", variable.name, variable.function);
        match lines.last_mut() {
            Some(line) if line.len() + name.len() + words.len() + 4 < MAX_COLUMNS => {
                line.push_str(", ");
                line.push_str(&name);
            }
            _ => lines.push(name),
        }
    }
    let texts = lines.into_iter().map(|line| format!("{line}: {words}"));
    texts.map(|text| Statement::new(StatementKind::Variable, text)).collect()
}

/// The member of a structure that was accessed: the variable is in the only register of the operand.
fn member(lookup: &Lookup<'_>, access: &Access, variables: &[Variable]) -> Option<Statement> {
    let [(name, Some(base))] = access.registers.as_slice() else { return None };
    let offset = access.address?.wrapping_sub(*base);
    let is_base = |variable: &&Variable| {
        let VariableValue::Known { register: Some(number), value, .. } = variable.value else { return false };
        value == *base && register_name(lookup.report.arch, number).as_deref() == Some(name)
    };
    let (variable, member) =
        variables.iter().filter(is_base).find_map(|variable| Some((variable, variable.member(offset)?)))?;
    let text = format!(
        "{} is {}->{member} ({}, {} of {})",
        access.operand,
        variable.name,
        variable.type_name.as_deref().unwrap_or_default(),
        if variable.is_parameter { "a parameter" } else { "a local" },
        variable.function
    );
    let statement = Statement::new(StatementKind::Member, text).with(name, *base);
    Some(statement.with("offset", offset))
}
