// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of ksymoops from outside: the command, its output, and public logs.
#[cfg(test)]
mod suite {
    mod annotated;
    mod binary;
    mod boots;
    mod classic;
    mod code;
    mod corpus;
    mod damage;
    mod explain;
    mod fields;
    mod fields_of_processors;
    mod heads;
    mod hostile;
    mod html;
    mod i386;
    mod json;
    mod kernel_config;
    mod long_reports;
    mod panic_code;
    mod parsing;
    mod processors;
    mod rebuilt;
    mod serve;
    mod support;
    mod unloaded;
    mod variables;
}
