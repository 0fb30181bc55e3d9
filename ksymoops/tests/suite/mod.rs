// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file a subject.

mod build;
mod code;
mod corrupt;
mod fields;
mod kernel;
mod modules;
mod slide;
