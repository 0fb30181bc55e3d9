// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a log says: the values that parsing yields.
//!
//! Each value has the [`Span`] of input bytes that it was read from, and a [`Block`] owns the bytes
//! themselves. Nothing of the log is lost, and output can be put next to the text that it explains.
//!
//! The rest of this module reads them: `start_lines` and `die_lines` know first lines, `fragment` lines of
//! reports without them, `demux` keeps writers apart, `builder` reads a report line by line with
//! `processor_lines` (what `arch` knows), `context_lines`, `task_lines`, `module_list`, `trace_headings`,
//! `places_in_line`, `klogd_places`, `trace_entries`, `source_suffix`, `ksymoops_lines`, `xmon_lines` and
//! `addresses`. `annotation` knows lines that ksymoops has added.

mod addresses;
mod annotation;
mod block;
mod builder;
mod context;
mod context_lines;
mod demux;
mod die_lines;
mod fault_status;
pub(crate) mod fragment;
mod kind;
mod klogd_places;
mod ksymoops_lines;
mod module_list;
mod place;
pub(crate) mod places_in_line;
mod processor_lines;
mod source_suffix;
mod span;
mod stack_labels;
mod start_lines;
mod state;
mod state_lines;
mod task_lines;
mod trace_entries;
mod trace_headings;
mod trigger_condition;
mod xmon_lines;

pub use block::{Block, Line, Report};
pub use context::{Caller, Context, KernelOffset, ModuleName, Spanned};
pub(crate) use demux::Demux;
pub use fault_status::FaultStatus;
pub use kind::Kind;
pub use place::{Frame, Place, Trace};
pub use places_in_line::places;
pub use span::{Hex, Span};
pub(crate) use start_lines::{may_be_explained, may_explain};
pub use state::{Code, Origin, Register, State, Word, WordRole};
pub(crate) use trigger_condition::Condition;
