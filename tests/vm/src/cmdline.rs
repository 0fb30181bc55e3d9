// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the host asks of the guest, read from the kernel command line.

/// The job of this boot.
#[derive(Debug, PartialEq, Eq)]
pub enum Job {
    /// Run these scenarios, in this order.
    Scenarios(Vec<String>),
    /// Run the demo.
    Demo,
    /// Load the versions of one module, one after the other.
    Histories,
    /// Report the values of variables of the kernel's types.
    KernelTypes,
    /// Crash in many ways.
    Crashes,
}

impl Job {
    /// Looks for `scenarios=a,b,c`, `vmguest.demo` and the like. Without any of them, the list is
    /// empty and the machine boots and powers off: that is how the host probes an accelerator.
    pub fn from_cmdline(cmdline: &str) -> Self {
        let mut names = Vec::new();
        for word in cmdline.split_whitespace() {
            if word == "vmguest.demo" {
                return Self::Demo;
            }
            if word == "vmguest.kernel_types" {
                return Self::KernelTypes;
            }
            if word == "vmguest.crashes" {
                return Self::Crashes;
            }
            if word == "vmguest.histories" {
                return Self::Histories;
            }
            if let Some(list) = word.strip_prefix("scenarios=") {
                names.extend(list.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
        Self::Scenarios(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_list() {
        let job = Job::from_cmdline("console=ttyS0 scenarios=a,b,,c panic=-1\n");
        assert_eq!(job, Job::Scenarios(vec!["a".into(), "b".into(), "c".into()]));
    }

    #[test]
    fn without_scenarios_the_list_is_empty() {
        assert_eq!(Job::from_cmdline("console=ttyS0"), Job::Scenarios(Vec::new()));
        assert_eq!(Job::from_cmdline("x vmguest.demo"), Job::Demo);
        assert_eq!(Job::from_cmdline("vmguest.histories"), Job::Histories);
        assert_eq!(Job::from_cmdline("vmguest.kernel_types x"), Job::KernelTypes);
        assert_eq!(Job::from_cmdline("vmguest.crashes nopti"), Job::Crashes);
    }
}
