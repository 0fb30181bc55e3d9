// SPDX-License-Identifier: MIT OR Apache-2.0
//! The decision.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::account::{Account, Fate, LeftBehind, UnitPlace, VariableAccount};
use super::change::{Change, Changes, KeptVariable};
use super::kernel_types::LazyKernelBtf;
use super::live::{self, UniqueNames};
use super::values::Values;
use super::wishes::{self, Wishes};
use super::{along, assign, carry, renames};
use crate::convert::{InPlace, held_changes, unknown_held};
use crate::persist::compare::of_unknown_functions;
use crate::persist::{Difference, Header, KeptPlace, KernelBtfReader, Unit, Variable};
use crate::types::{Completeness, Types};

impl Account {
    /// What becomes of each variable of `file`, whose owner has the generations `kept`. Only those that are
    /// in force may be given: not those that a load has begun and not finished.
    #[must_use]
    pub fn of(kept: &[&Header], file: &Header, wishes: &Wishes) -> Self {
        Self::decided(kept, file, wishes, None, None)
    }

    /// As [`Account::of`]; `kernel` reads the BTF of the kernel that the data is in.
    #[must_use]
    pub fn on_kernel(kept: &[&Header], file: &Header, wishes: &Wishes, kernel: KernelBtfReader<'_>) -> Self {
        Self::decided(kept, file, wishes, None, Some(&LazyKernelBtf::new(kernel)))
    }

    /// As [`Account::of`]; with `values` variables whose types changed are converted, or stay where they are.
    #[must_use]
    pub fn with_values(
        kept: &[&Header],
        file: &Header,
        wishes: &Wishes,
        values: Option<&Values<'_>>,
    ) -> Self {
        let read = || values.and_then(|values| values.memory.kernel_btf());
        Self::decided(kept, file, wishes, values, values.map(|_| LazyKernelBtf::new(&read)).as_ref())
    }

    fn decided(
        kept: &[&Header],
        file: &Header,
        wishes: &Wishes,
        values: Option<&Values<'_>>,
        kernel: Option<&LazyKernelBtf<'_>>,
    ) -> Self {
        let newest = kept.iter().map(|header| header.generation).max().unwrap_or(0);
        let kept = live::in_force(kept);
        let mut account = Self {
            variables: Vec::new(),
            units: Vec::new(),
            unused: Vec::new(),
            differences: Vec::new(),
            left: Vec::new(),
            replaced: Vec::new(),
            values: Arc::default(),
            unread: None,
            generation: newest.saturating_add(1),
            fresh: wishes.fresh && !kept.is_empty(),
        };
        let has_names = file.named && kept.iter().all(|header| header.named);
        if kept.is_empty() || wishes.fresh {
            account.all_new(file);
        } else if !account.same_build(&kept, file, has_names, wishes) {
            if has_names {
                Decision::new(&kept, file, wishes, values, kernel).run(&mut account);
            } else {
                account.without_names(&kept, file);
            }
        }
        account
    }

    fn all_new(&mut self, file: &Header) {
        self.units = file.ordinals().map(|(ordinal, _)| UnitPlace::New { ordinal }).collect();
        self.variables = of_file(file).map(|(unit, _, variable)| entry(unit, variable, Fate::New)).collect();
    }

    /// The file that made the only generation binds to it unit by unit, whatever names are missing.
    fn same_build(&mut self, kept: &[&Header], file: &Header, has_names: bool, wishes: &Wishes) -> bool {
        let [only] = kept else { return false };
        let shape = |unit: &Unit| (unit.size, unit.writable, unit.mark());
        let same = !file.build_id.is_empty()
            && only.build_id == file.build_id
            && only.units.iter().map(shape).eq(file.units.iter().map(shape))
            && only.units.iter().zip(&file.units).all(|(kept, file)| kept.align >= file.align)
            && only.grown.is_empty();
        let asked = !wishes.fresh_variables.is_empty() || !wishes.renamed.is_empty();
        let same_names = || {
            let pairs = only.variables().zip(file.variables());
            only.variables().count() == file.variables().count()
                && pairs.into_iter().all(|((_, one), (_, two))| {
                    (one.offset, one.size) == (two.offset, two.size) && one.may_be(two, true)
                })
        };
        if !same || asked || (has_names && !same_names()) {
            return false;
        }
        let generation = only.generation;
        self.units =
            file.ordinals().map(|(ordinal, _)| UnitPlace::Kept { generation, ordinal, offset: 0 }).collect();
        self.variables = of_file(file)
            .map(|(unit, _, variable)| {
                let ordinal = u32::try_from(unit).unwrap_or(u32::MAX);
                let at = KeptPlace { generation, ordinal, offset: variable.offset };
                entry(unit, variable, Fate::Bound { at, types_compared: true })
            })
            .collect();
        true
    }

    fn without_names(&mut self, kept: &[&Header], file: &Header) {
        let build_ids_known =
            !file.build_id.is_empty() && kept.iter().all(|header| !header.build_id.is_empty());
        self.differences.push(Difference::NoNames { in_file: !file.named, build_ids_known });
        self.units = file.units.iter().map(|_| UnitPlace::Refused).collect();
    }
}

/// Every variable of a file with its unit.
fn of_file(file: &Header) -> impl Iterator<Item = (usize, &Unit, &Variable)> {
    let units = file.units.iter().enumerate();
    units.flat_map(|(index, unit)| unit.variables.iter().map(move |variable| (index, unit, variable)))
}

fn entry(unit: usize, variable: &Variable, fate: Fate) -> VariableAccount {
    VariableAccount { unit, variable: variable.clone(), fate }
}

/// A decision by names.
struct Decision<'a> {
    kept: &'a [&'a Header],
    file: &'a Header,
    wishes: &'a Wishes,
    values: Option<&'a Values<'a>>,
    unique: UniqueNames<'a>,
    live: Vec<KeptVariable<'a>>,
    changes: Changes<'a>,
    /// Which kept variables the file has, or starts afresh.
    taken: Vec<bool>,
}

impl<'a> Decision<'a> {
    fn new(
        kept: &'a [&'a Header],
        file: &'a Header,
        wishes: &'a Wishes,
        values: Option<&'a Values<'a>>,
        kernel: Option<&'a LazyKernelBtf<'a>>,
    ) -> Self {
        let unique = UniqueNames::of(kept.iter().copied().chain([file]));
        let live = live::variables(kept, &unique, wishes);
        let taken = vec![false; live.len()];
        let changes = Changes::new(kept, file, wishes, values, kernel);
        Self { kept, file, wishes, values, unique, live, changes, taken }
    }

    fn run(mut self, account: &mut Account) {
        let numbered = self.of_unknown_functions();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, kept) in self.live.iter().enumerate() {
            by_name.entry(kept.sought.plain_name().to_owned()).or_default().push(index);
        }
        // Which of the kept variables each is.
        let mut matches = Vec::new();
        for (unit, own, variable) in of_file(self.file) {
            let found = by_name.get(variable.plain_name()).and_then(|same| self.find(same, own, variable));
            let fresh = self.wishes.fresh_variables.iter().any(|text| wishes::names(text, variable));
            let fate = match found.and_then(|index| Some((index, self.live.get(index)?))) {
                _ if numbered.contains_key(&name(variable)) => {
                    Fate::Differs(Box::new(Difference::NoFunctions { name: name(variable) }))
                }
                Some(_) if fresh => Fate::New,
                None => Fate::New,
                Some((_, kept)) => match self.changes.of(kept, (unit, own), variable) {
                    Change::Same(completeness) => {
                        Fate::Bound { at: kept.place, types_compared: completeness == Completeness::Full }
                    }
                    // Its type allows that it stays, but not what it points to now.
                    Change::InPlace(_, how)
                        if self.is_by_hand(unit, variable) && self.refuses(kept, &how) =>
                    {
                        Fate::ByHand { at: kept.place }
                    }
                    Change::InPlace(stay, how) => Fate::InPlace { at: kept.place, stay, how },
                    Change::Converts(plan) => Fate::Converted { at: kept.place, plan },
                    Change::Differs(difference)
                        if self.is_by_hand(unit, variable) && difference.may_be_by_hand() =>
                    {
                        Fate::ByHand { at: kept.place }
                    }
                    Change::Differs(difference) => Fate::Differs(difference),
                },
            };
            let number = account.variables.len();
            if let (Some(kept), Fate::New | Fate::Converted { .. } | Fate::ByHand { .. }) =
                (found.and_then(|index| self.live.get(index)), &fate)
            {
                account.left.push(LeftBehind {
                    place: kept.place,
                    variable: kept.sought.clone(),
                    number,
                    by_hand: self.is_by_hand(unit, variable),
                });
            }
            if let Some(taken) = found.and_then(|index| self.taken.get_mut(index)) {
                *taken = true;
            }
            matches.push((found, fresh));
            account.variables.push(entry(unit, variable, fate));
        }
        if let Some(values) = self.values {
            let kept: Vec<_> =
                matches.iter().map(|(found, _)| found.and_then(|index| self.live.get(index))).collect();
            along::variables(account, self.file, &kept, &self.changes, values);
        }
        assign::units(account, self.file, self.kept);
        let left: Vec<&KeptVariable<'_>> =
            self.live.iter().zip(&self.taken).filter(|(_, taken)| !**taken).map(|(kept, _)| kept).collect();
        let may_be_new = matches.iter().map(|(found, fresh)| found.is_none() && !fresh);
        renames::suspect(account, may_be_new, &left, self.kept, &self.changes);
        self.check_hints(account);
        account.unread = self.changes.unread.borrow().clone();
        if let Some(values) = self.values {
            carry::values(account, self.file, &self.live, values);
        }
        self.check_held(account);
        let in_force: HashSet<KeptPlace> = self.live.iter().map(|kept| kept.place).collect();
        let gone: HashSet<KeptPlace> = account.left.iter().map(|left| left.place).collect();
        account.replaced = live::places(self.kept)
            .into_iter()
            .filter(|place| !in_force.contains(place) || gone.contains(place))
            .collect();
        account.unused = left.into_iter().map(|kept| (kept.place, kept.variable.clone())).collect();
        account.unused.sort_by_key(|(place, _)| *place);
    }

    /// What the author says is in memory, and no variable leads to by its type. The newest generation tells
    /// its shape. An author who converts by hand takes care of it.
    fn check_held(&self, account: &mut Account) {
        if account.variables.iter().any(|own| matches!(own.fate, Fate::ByHand { .. })) {
            return;
        }
        let mut seen = HashSet::new();
        for header in self.kept.iter().rev() {
            let changes = held_changes(&header.types, &self.file.types, &self.wishes.fields);
            let changes = changes.into_iter().filter(|refusal| !seen.contains(&refusal.path));
            account.differences.extend(changes.map(|refusal| Difference::Held { refusal }));
            seen.extend(header.types.held().iter().filter_map(|held| {
                header.types.get(*held).tag().map(|(kind, tag)| format!("{} {tag}", kind.keyword()))
            }));
        }
        let newest = self.kept.iter().rev().find(|header| !header.types.held().is_empty());
        let (Some(newest), Some(defined)) = (newest, &self.wishes.defined_tags) else { return };
        let mut unknown = unknown_held(&newest.types, &self.file.types, defined, &self.wishes.fields);
        unknown.retain(|refusal| !self.wishes.drops.contains(&refusal.path));
        account.differences.extend(unknown.into_iter().map(|refusal| Difference::Held { refusal }));
    }

    /// Whether a variable that could stay in place cannot, because of its value.
    fn refuses(&self, kept: &KeptVariable<'_>, how: &InPlace) -> bool {
        self.values.is_some_and(|values| carry::refuses(kept, how, &self.live, values))
    }

    /// The module converts this variable itself.
    fn is_by_hand(&self, unit: usize, variable: &Variable) -> bool {
        self.values.is_some_and(|values| values.by_hand.contains(&(unit, variable.offset)))
    }

    /// The kept variable, among those of one name, that a variable of the file is: in the same place if there
    /// is a choice.
    fn find(&self, same_name: &[usize], unit: &Unit, variable: &Variable) -> Option<usize> {
        let unique = self.unique.contains(variable);
        let mut found = same_name.iter().copied().filter(|index| {
            let is_free = self.taken.get(*index) == Some(&false);
            is_free && self.live.get(*index).is_some_and(|kept| kept.sought.may_be(variable, unique))
        });
        let first = found.next()?;
        let same_place = |index: &usize| {
            self.live.get(*index).is_some_and(|kept| {
                kept.unit.section == unit.section && kept.variable.offset == variable.offset
            })
        };
        Some(std::iter::once(first).chain(found).find(same_place).unwrap_or(first))
    }

    /// Names that several variables of a file share on one side, one of them without a known function: gcc
    /// numbers those in an order that changes with the code.
    fn of_unknown_functions(&self) -> HashMap<String, ()> {
        let headers = self.kept.iter().copied().chain([self.file]);
        headers.flat_map(of_unknown_functions).map(|name| (name, ())).collect()
    }

    /// A hint of the user that names nothing is a mistake; one in the source may be older than what is kept.
    fn check_hints(&self, account: &mut Account) {
        for text in &self.wishes.fresh_variables {
            if !of_file(self.file).any(|(_, _, variable)| wishes::names(text, variable)) {
                account.differences.push(Difference::NoSuchVariable { name: text.clone() });
            }
        }
    }
}

/// File and name, as messages have them.
fn name(variable: &Variable) -> String {
    let name = &variable.name;
    variable.file.as_ref().map_or_else(|| name.clone(), |file| format!("{file}:{name}"))
}
