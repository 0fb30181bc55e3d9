// SPDX-License-Identifier: MIT OR Apache-2.0
//! What vendors' kernels put behind the time: processor, task, tag. `[   12.345678] c2 `

use super::pattern::Begins::{Bracket, Letter, Mark};
use super::pattern::Pattern;

/// Processor, task and its number, and the level's letter before it at times.
pub(super) const SAMSUNG: Pattern = Pattern {
    name: "processor and task of a vendor",
    example: "[4:SdpManagerServi: 3874] ",
    begins: &[Bracket, Letter],
    regex: r"\A[A-Z]?\[[ \t]*[0-9]+:[^\]\[]*\] ",
    then_program: false,
    within_log: false,
};

pub(super) const HISILICON: Pattern = Pattern {
    name: "task and processor of HiSilicon",
    example: "[pid:0,cpu0,swapper/0]",
    begins: &[Bracket],
    regex: r"\A\[pid:[0-9]+,cpu[0-9]+,[^\]\[]*\] ?",
    then_program: false,
    within_log: false,
};

pub(super) const MEDIATEK: Pattern = Pattern {
    name: "processor and task of MediaTek",
    example: "(5)[1234:kworker/5:1]",
    begins: &[Mark],
    // A mark before it says whether interrupts are off.
    regex: r"\A[-.@]?\([0-9]+\)\[[0-9]+:[^\]\[]*\] ?",
    then_program: false,
    within_log: true,
};

pub(super) const MEDIATEK_FILE: Pattern = Pattern {
    name: "source file of MediaTek",
    example: "[name:traps&]",
    begins: &[Bracket, Letter],
    // The task may come first.
    regex: r"\A(?:[^ \]\[]+: )?\[name:[^\]&]*&\] ?",
    then_program: false,
    within_log: false,
};

pub(super) const QUALCOMM: Pattern = Pattern {
    name: "processor and task of Qualcomm",
    example: "(CPU:2-pid:1234:kworker/2:1) ",
    begins: &[Mark],
    regex: r"\A\((?:CPU|cpu)[: ]*[0-9]+[^()]*\) ?",
    then_program: false,
    within_log: true,
};

pub(super) const UNISOC: Pattern = Pattern {
    name: "processor of Unisoc",
    example: "c2 ",
    begins: &[Letter],
    // Some add the task, or its number alone, with blanks before it.
    regex: r"\Ac[0-9]{1,2} (?:[0-9]+ \([^()]*\) ?| +[0-9]{1,6} )?",
    then_program: false,
    within_log: true,
};

pub(super) const PROCESSOR: Pattern = Pattern {
    name: "processor in brackets",
    example: "[cpu2]",
    begins: &[Bracket, Mark],
    regex: r"\A(?:\[(?:cpu|CPU|c)[: ]?[0-9]+\] ?|@\(?[0-9]+\)? )",
    then_program: false,
    within_log: true,
};

pub(super) const TASK: Pattern = Pattern {
    name: "task in brackets",
    example: "[T 1234] ",
    begins: &[Bracket],
    // The caller of CONFIG_PRINTK_CALLER, with a processor or in another form.
    regex: r"\A\[ *(?:T[0-9]+@[0-9]+|T [0-9]+|[0-9]+@[0-9]+)\] ?",
    then_program: false,
    within_log: true,
};
