// SPDX-License-Identifier: MIT OR Apache-2.0
//! What there is to say about each line of a report.

use super::Decoder;
use super::knowledge::Knowledge;
use super::registers;
use crate::persistent::{self, Hit};
use libksym::code::{Architecture, CodeBytes, Context, Listing, decode};
use libksym::{Answer, Query};
use liboops::report::{Block, Origin, Place, Report, Span, State, WordRole};

/// Code bytes of kernels that marked none.
const UNMARKED: usize = 20;

/// Something to say about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Index of the line in the block.
    pub line: usize,
    /// Index of the report in the block.
    pub report: usize,
    /// Where in the input that is written which it is about.
    pub span: Span,
    /// What to say.
    pub what: What,
}

/// What to say about something in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Words on the report as a whole.
    Summary(Vec<String>),
    /// A place in code.
    Place {
        /// What it is in the report: `RIP`, or nothing for a frame.
        label: Option<&'static str>,
        /// As the log has it.
        name: String,
        /// Where that is.
        answer: Answer,
    },
    /// An address in persistent data.
    Persistent {
        /// What held the address: a register, `stack`.
        label: String,
        /// What is there.
        hit: Box<Hit>,
    },
    /// An address of something with a symbol.
    Data {
        /// What held the address.
        label: String,
        /// The address.
        address: u64,
        /// What is there.
        answer: Answer,
    },
    /// The code bytes as instructions.
    Code(Box<Listing>),
    /// Why the code bytes are not shown as instructions.
    NoCode(String),
}

/// Collects what there is to say about one report.
pub(super) fn of_report(
    decoder: &Decoder,
    block: &Block,
    index: usize,
    report: &Report,
    knowledge: &Knowledge,
    findings: &mut Vec<Finding>,
) {
    let mut collect = Collect { decoder, block, index, report, knowledge, findings };
    if !knowledge.summary.is_empty() {
        collect.push(report.title.span, What::Summary(knowledge.summary.clone()));
    }
    for place in &report.mentions {
        collect.place(place, None);
    }
    for state in &report.states {
        collect.state(state);
    }
    for frame in &report.frames {
        collect.place(&frame.place, None);
    }
    for word in &report.words {
        let label = match word.role {
            WordRole::FaultAddress => "fault address",
            WordRole::Stack => "stack",
            _ => "address",
        };
        collect.address(label, word.value.0, word.span, word.role == WordRole::FaultAddress);
    }
}

struct Collect<'a> {
    decoder: &'a Decoder,
    block: &'a Block,
    index: usize,
    report: &'a Report,
    knowledge: &'a Knowledge,
    findings: &'a mut Vec<Finding>,
}

impl Collect<'_> {
    fn push(&mut self, span: Span, what: What) {
        if let Some(line) = self.block.line_of(span.start) {
            self.findings.push(Finding { line, report: self.index, span, what });
        }
    }

    fn query(place: &Place) -> Option<Query> {
        match &place.symbol {
            Some(name) => Some(Query::Symbol {
                module: place.module.clone(),
                name: name.clone(),
                offset: place.offset,
                size: place.size,
                is_return: !place.exact,
            }),
            None => {
                place.address.map(|address| Query::Address { address: address.0, is_return: !place.exact })
            }
        }
    }

    fn place(&mut self, place: &Place, label: Option<&'static str>) {
        let Some(query) = Self::query(place) else { return };
        let name = match (&place.symbol, place.address) {
            (Some(_), _) => place.function().unwrap_or_default(),
            (None, Some(address)) => format!("{:#x}", address.0),
            (None, None) => return,
        };
        let answer = self.knowledge.resolver.symbolize(&query);
        self.push(place.span, What::Place { label, name, answer });
    }

    fn state(&mut self, state: &State) {
        if state.origin != Origin::User
            && let Some(pc) = &state.pc
        {
            self.place(pc, Some(if self.report.arch == Some("i386") { "EIP" } else { "RIP" }));
        }
        if matches!(state.origin, Origin::User | Origin::Repeat) {
            return;
        }
        for register in &state.registers {
            // Segments and control registers hold no addresses of data, but that of the last page fault.
            let holds = register.name.starts_with('R') || register.name == "CR2";
            if holds {
                self.address(register.name, register.value.0, register.span, true);
            }
        }
        let Some(code) = &state.code else { return };
        if code.bytes.is_empty() {
            return;
        }
        // Old kernels printed 20 bytes from the instruction pointer on; any other line without a mark was cut, and where it is nobody knows.
        if code.marker.is_none() && code.bytes.len() != UNMARKED {
            let why = "no byte is marked as the one at the instruction pointer: the line was cut";
            self.push(code.span, What::NoCode(why.to_owned()));
            return;
        }
        let Some(architecture) = self.architecture() else {
            let why = match self.report.arch {
                Some(arch) => format!("instructions of {arch} are not decoded"),
                None => "nothing in the report tells the processor".to_owned(),
            };
            self.push(code.span, What::NoCode(why));
            return;
        };
        let bytes = CodeBytes::new(code.bytes.clone(), code.marker);
        let register = |name: &str| registers::value(state, name);
        let symbolize = |address| self.name(address);
        let mut context = Context::default();
        context.pc = self.address_of(state);
        context.register = &register;
        context.fault_address = self.report.fault_address().filter(|_| state.origin == Origin::Fault);
        context.symbolize = &symbolize;
        match decode(architecture, &bytes, &context) {
            Ok(listing) => {
                let targets: Vec<_> = listing
                    .access
                    .iter()
                    .filter_map(|access| Some((access.operand.clone(), access.address?)))
                    .collect();
                let more = listing
                    .instructions
                    .iter()
                    .filter_map(|instruction| Some(("code".to_owned(), instruction.target?)));
                let all: Vec<_> = targets.into_iter().chain(more).collect();
                self.push(code.span, What::Code(Box::new(listing)));
                for (label, address) in all {
                    if let Some(hit) = self.hit(address) {
                        self.push(code.span, What::Persistent { label, hit: Box::new(hit) });
                    }
                }
            }
            Err(error) => self.push(code.span, What::NoCode(error.to_string())),
        }
    }

    /// The processor, as far as its instructions are decoded.
    fn architecture(&self) -> Option<Architecture> {
        match self.report.arch? {
            "x86_64" => Some(Architecture::X86_64),
            "i386" => Some(Architecture::X86),
            _ => None,
        }
    }

    /// The address of the instruction pointer: as the log has it, else worked out from its symbol.
    fn address_of(&self, state: &State) -> Option<u64> {
        let pc = state.pc.as_ref()?;
        if let Some(address) = pc.address {
            return Some(address.0);
        }
        let answer = self.knowledge.resolver.symbolize(&Self::query(pc)?);
        match answer.candidates.as_slice() {
            [only] => only.address,
            _ => None,
        }
    }

    fn hit(&self, address: u64) -> Option<Hit> {
        let knowledge = self.knowledge;
        persistent::find(&knowledge.regions, &self.decoder.fields, &knowledge.resolver, self.report, address)
    }

    fn name(&self, address: u64) -> Option<String> {
        if let Some(hit) = self.hit(address).filter(Hit::is_inside) {
            let name = hit.path.or(hit.variable).unwrap_or_else(|| hit.section.to_owned());
            return Some(format!("persistent {name} of {}", hit.owner));
        }
        let answer = self.knowledge.resolver.symbolize(&Query::address(address));
        let [only] = answer.candidates.as_slice() else { return None };
        let module = only.module.as_ref().map(|module| format!(" [{module}]")).unwrap_or_default();
        Some(format!("{}+{:#x}{module}", only.symbol, only.offset))
    }

    /// An address that may be one of data.
    fn address(&mut self, label: &str, address: u64, span: Span, symbols: bool) {
        // The lower half is user space, and small numbers.
        if address >> 47 == 0 {
            return;
        }
        if let Some(hit) = self.hit(address) {
            let inside = hit.is_inside();
            self.push(span, What::Persistent { label: label.to_owned(), hit: Box::new(hit) });
            if inside {
                return;
            }
        }
        if !symbols {
            return;
        }
        let answer = self.knowledge.resolver.symbolize(&Query::address(address));
        if !answer.candidates.is_empty() {
            self.push(span, What::Data { label: label.to_owned(), address, answer });
        }
    }
}
