// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every call fails in its turn: nothing that was kept is lost, nothing half-made is left behind, and the
//! next attempt works.

use libmodsys::Errno;
use modkeep::{KeepError, KeeperLeft, LoadOutcome, Request};
use modtest::{Call, FakeKernel, Op};

use super::{file, keep, kernel, load, request};
use modtest::module::Make;

const OPS: [Op; 6] = [Op::Init, Op::Delete, Op::InitState, Op::Notes, Op::Holders, Op::Sections];

/// One attempt in which one call fails.
struct Attempt {
    op: Op,
    passed: usize,
    /// Address of the data before.
    before: Option<u64>,
    kernel: FakeKernel,
    outcome: Result<Option<LoadOutcome>, KeepError>,
}

/// For each call that a successful load makes, one attempt in which that call fails.
fn attempts(prepare: impl Fn(&FakeKernel), request: Request<'_>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for op in OPS {
        let kernel = kernel();
        prepare(&kernel);
        let calls = count(&kernel, op);
        assert!(matches!(load(&kernel, request), Ok(Some(LoadOutcome::Kept))));
        for passed in 0..count(&kernel, op) - calls {
            let kernel = super::kernel();
            prepare(&kernel);
            let before = kernel.data_address("foo__persist");
            kernel.fail_after(op, passed, Errno::EINTR);
            let outcome = load(&kernel, request);
            attempts.push(Attempt { op, passed, before, kernel, outcome });
        }
    }
    assert!(attempts.len() > 6);
    attempts
}

fn count(kernel: &FakeKernel, wanted: Op) -> usize {
    let is = |call: &Call| match call {
        Call::Init { .. } => wanted == Op::Init,
        Call::Delete { .. } => wanted == Op::Delete,
        Call::Finit { .. } => wanted == Op::Finit,
        Call::Read { op, .. } => wanted == *op,
        Call::Release { .. } | Call::SetNote { .. } => false,
    };
    kernel.calls().iter().filter(|call| is(call)).count()
}

impl Attempt {
    fn place(&self) -> String {
        let end = self.outcome.as_ref().map_or_else(ToString::to_string, |done| format!("{done:?}"));
        format!("{:?} number {}: {end}; {:?}", self.op, self.passed, self.kernel.history())
    }

    fn address(&self) -> Option<u64> {
        self.kernel.data_address("foo__persist")
    }

    /// Once the owner is loaded, only the last question about it can fail.
    fn owner_is_loaded_only_if_unverified(&self) {
        assert!(!matches!(self.outcome, Ok(Some(LoadOutcome::Kept))), "{}", self.place());
        if self.kernel.is_loaded("foo") {
            assert!(self.op == Op::Holders && self.address().is_some(), "{}", self.place());
        }
    }

    fn again(&self, request: Request<'_>) {
        if !self.kernel.is_loaded("foo") {
            let again = load(&self.kernel, request);
            assert!(matches!(again, Ok(Some(LoadOutcome::Kept))), "{}: {again:?}", self.place());
            assert!(!self.kernel.is_loaded("foo__pending"), "{}", self.place());
        }
    }
}

#[test]
fn on_a_first_load_no_keeper_stays_behind() {
    let file = file(&Make::typical("foo"));
    for attempt in attempts(|_| {}, request(&file)) {
        attempt.owner_is_loaded_only_if_unverified();
        if !attempt.kernel.is_loaded("foo") {
            assert_eq!(attempt.address(), None, "{}", attempt.place());
        }
        attempt.again(request(&file));
    }
}

#[test]
fn on_a_reload_the_data_stay() {
    let file = file(&Make::typical("foo"));
    for attempt in attempts(|kernel| keep(kernel, &Make::typical("foo")), request(&file)) {
        attempt.owner_is_loaded_only_if_unverified();
        assert_eq!(attempt.address(), attempt.before, "{}", attempt.place());
        attempt.again(request(&file));
        assert_eq!(attempt.address(), attempt.before, "{}", attempt.place());
    }
}

#[test]
fn on_a_fresh_start_the_old_data_stay_until_the_new_init_has_succeeded() {
    let file = file(&Make::typical("foo"));
    let fresh = Request { fresh: true, ..request(&file) };
    for attempt in attempts(|kernel| keep(kernel, &Make::typical("foo")), fresh) {
        // Only what comes after the init may fail while the owner is loaded.
        if !attempt.kernel.is_loaded("foo") {
            assert_eq!(attempt.address(), attempt.before, "{}", attempt.place());
        }
        attempt.again(fresh);
    }
}

/// The owner's init fails, and then the keeper cannot be removed.
#[test]
fn a_keeper_that_stays_is_said_and_used_by_the_next_attempt() {
    let file = file(&Make::typical("foo"));
    let kernel = kernel();
    kernel.fail_after(Op::Init, 1, Errno::ENODEV);
    kernel.fail_next(Op::Delete, Errno::EBUSY);
    let error = load(&kernel, request(&file)).unwrap_err();
    assert!(matches!(
        error,
        KeepError::OwnerRefused {
            errno: Errno::ENODEV,
            keeper_left: Some(KeeperLeft::NotRemoved { errno: Errno::EBUSY })
        }
    ));
    assert_eq!(error.details().len(), 1);
    assert_eq!(load(&kernel, request(&file)).unwrap(), Some(LoadOutcome::Kept));
    assert_eq!(kernel.history(), ["+foo__persist", "+foo", "-foo__persist", "+foo"]);
}

#[test]
fn a_fresh_start_that_fails_leaves_the_old_data_in_force() {
    let file = file(&Make::typical("foo"));
    // The mark, the keeper, the owner.
    for (passed, errno) in [(0, Errno::ENOMEM), (1, Errno::ENOMEM), (2, Errno::ENODEV)] {
        let kernel = kernel();
        keep(&kernel, &Make::typical("foo"));
        let before = kernel.data_address("foo__persist");
        kernel.fail_after(Op::Init, passed, errno);
        load(&kernel, Request { fresh: true, ..request(&file) }).unwrap_err();
        assert_eq!(kernel.module_names(), ["foo__persist"], "call {passed}");
        assert_eq!(load(&kernel, request(&file)).unwrap(), Some(LoadOutcome::Kept));
        assert_eq!(kernel.data_address("foo__persist"), before);
    }
}

#[test]
fn a_keeper_of_another_program_is_no_reason_for_a_plain_load() {
    let file = file(&Make::typical("foo"));
    let kernel = kernel();
    kernel.fail_next(Op::Init, Errno::EEXIST);
    let error = load(&kernel, request(&file)).unwrap_err();
    assert!(matches!(error, KeepError::KeeperAppeared { .. }), "{error}");
    assert!(error.remedy().unwrap().contains("try again"));
}
