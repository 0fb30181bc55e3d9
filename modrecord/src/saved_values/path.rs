// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where in a variable a value is, and whether the user drops it.

use libmodfmt::persist::Variable;

/// The way from a variable to a part of it.
#[derive(Debug)]
pub(super) struct Path<'p> {
    variable: &'p Variable,
    drops: &'p [String],
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// With the structure that it is in, as `struct TAG`; nothing if that has no tag.
    Field {
        name: String,
        of: String,
    },
    Element(u64),
}

impl<'p> Path<'p> {
    pub(super) const fn new(variable: &'p Variable, drops: &'p [String]) -> Self {
        Self { variable, drops, steps: Vec::new() }
    }

    /// What is done one field further. An anonymous structure is no step.
    pub(super) fn in_field<T>(&mut self, name: &str, of: String, act: impl FnOnce(&mut Self) -> T) -> T {
        if name.is_empty() {
            return act(self);
        }
        self.steps.push(Step::Field { name: name.to_owned(), of });
        let done = act(self);
        self.steps.pop();
        done
    }

    pub(super) fn in_element<T>(&mut self, index: u64, act: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(Step::Element(index));
        let done = act(self);
        self.steps.pop();
        done
    }

    /// What stands before the variable's name: `meter.c:`.
    pub(super) fn qualifiers(&self) -> String {
        self.variable.qualifiers()
    }

    /// `meter.c:meter.table[3].next`
    pub(super) fn text(&self) -> String {
        let mut text = self.variable.to_string();
        for step in &self.steps {
            match step {
                Step::Field { name, .. } => text.push_str(&format!(".{name}")),
                Step::Element(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }

    /// `meter.table[].next`
    pub(super) fn drop(&self) -> String {
        let mut text = self.variable.plain_name().to_owned();
        for step in &self.steps {
            match step {
                Step::Field { name, .. } => text.push_str(&format!(".{name}")),
                Step::Element(_) => text.push_str("[]"),
            }
        }
        text
    }

    /// Whether the user drops this: by its path, with its structure (`struct meter.next`), or by its name.
    pub(super) fn is_dropped(&self) -> bool {
        if self.drops.is_empty() {
            return false;
        }
        let path = self.drop();
        let qualified = format!("{}{path}", self.variable.qualifiers());
        let given = |drop: &String| match self.steps.last() {
            _ if *drop == path || *drop == qualified => true,
            Some(Step::Field { name, of }) => {
                drop == name
                    || (!of.is_empty() && drop.strip_suffix(name.as_str()) == Some(&format!("{of}.")))
            }
            _ => false,
        };
        self.drops.iter().any(given)
    }
}
