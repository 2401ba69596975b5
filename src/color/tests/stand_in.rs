//! Mocks and fakes that stand in for functions of the code: what has to be awaitable now. What the code still calls through a
//! thread stays a sync mock, since nobody would await its coroutine.

mod flow;
mod handed;
mod mocks;
mod patched;
mod returned;
mod scope;
mod stubs;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use self::flow::{Flow, Reach};
use self::scope::TestScope;
use super::super::World;
use super::framework::{self, TestCase};
use crate::index::facts::*;
use crate::resolve::names::Meaning;
use crate::resolve::{Site, SiteKind};

/// What tests put in the place of functions that convert.
#[derive(Clone, Debug, Default)]
pub struct StandIns {
    /// Functions of tests that become async, with the function that each stands in for.
    pub fakes: BTreeMap<FuncId, FuncId>,
    /// Changes to mocks, in file order, with the function around each.
    pub edits: Vec<(FileId, Option<FuncId>, MockEdit)>,
    /// Mocks of which it is not clear whether they are awaited: the place and the attribute.
    pub unclear: BTreeSet<(FileId, TextRangeKey, Name)>,
    /// What a test hands to code that awaits it now and that cannot be made awaitable.
    pub unfit: BTreeMap<(FileId, TextRangeKey), Unfit>,
}

/// Why something that the code awaits now stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is called without, too.
    CalledToo,
    /// It is compared with, or named elsewhere in the test.
    Named,
    /// It says what stands in for a function, and gives no awaitable: `flexmock(app).should_receive("load")`.
    Replaced,
}

/// Start and end of a range, which sort.
pub type TextRangeKey = (u32, u32);

/// A change to a mock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MockEdit {
    /// `Mock(...)` to `AsyncMock(...)`.
    Async { call: CallId },
    /// `new_callable=Mock` to `new_callable=AsyncMock`: the name.
    Name { call: CallId, index: u32 },
    /// `Mock()` to `Mock(load=AsyncMock())`: the attributes, and whether the code uses what each of them returns although
    /// the test says nothing about it.
    Attributes { call: CallId, names: Vec<(Name, bool)> },
    /// `patch("m.load")` to `patch("m.load", return_value=MagicMock())`.
    Result { call: CallId },
    /// `patch("m.Store")` to `patch("m.Store", **{"return_value.load": AsyncMock()})`: methods of what the mock returns, and whether
    /// the code uses their results.
    Returned { call: CallId, names: Vec<(Name, bool)> },
    /// An argument `lambda: 1` to `AsyncMock(side_effect=lambda: 1)`.
    Argument { call: CallId, index: u32 },
    /// A lambda or another callable anywhere: the same. The expression.
    Wrapped { fake: TextRangeKey },
    /// A lambda in the place of a method of a class: a mock would not be bound, so it becomes a function.
    Hoisted { fake: TextRangeKey },
    /// The value of `m.load = lambda: 1`: the same. The target of the assignment.
    Assigned { target: TextRangeKey },
    /// `m.load.return_value = 1` to `m.load = AsyncMock(return_value=1)`. The target of the assignment.
    Configured { target: TextRangeKey },
}

/// What the code does at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Awaited,
    /// `async for` or `async with`: no simple mock stands for that.
    Iterated,
    Sync,
}

/// What the code does with what it calls under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Color {
    /// It awaits the call; the function that it stood for.
    Async(FuncId),
    Sync,
    /// Some calls are awaited and some are not.
    Mixed,
    /// It does not call it.
    Unknown,
}

pub(super) fn key(range: TextRange) -> TextRangeKey {
    (range.start().into(), range.end().into())
}

/// Finds the stand-ins. `use_of` says what becomes of a site of the code, `converts` whether a function becomes async.
pub fn find(world: World, use_of: &dyn Fn(&Site) -> Use, converts: &dyn Fn(FuncId) -> bool) -> StandIns {
    let names: BTreeSet<Name> = world
        .graph
        .nodes
        .iter()
        .filter(|func| converts(**func))
        .map(|func| world.index.func(*func).name.clone())
        .collect();
    if names.is_empty() || !world.index.loaded_files().any(|(file, _)| world.in_tests(file)) {
        return StandIns::default();
    }
    let flow = Flow::new(world);
    let tied = world.graph.sites.values().filter(|site| world.in_tests(site.id.file) && !site.uncertain);
    let tied = tied.map(|site| ((site.id.file, key(world.index.site(site.id).range)), site.id)).collect();
    let mut finder =
        Finder { world, use_of, converts, names, tied, flow, scopes: RefCell::default(), found: StandIns::default() };
    finder.fakes();
    finder.mocks();
    finder.stubs();
    finder.patched();
    finder.returned();
    finder.configured();
    finder.handed();
    finder.found.edits.sort_by(|left, right| (left.0, &left.2).cmp(&(right.0, &right.2)));
    finder.found.edits.dedup();
    finder.found
}

/// What belongs to a test, by the function that was asked about.
type Scopes = FxHashMap<(FileId, Option<FuncId>), Rc<TestScope>>;

struct Finder<'a> {
    world: World<'a>,
    use_of: &'a dyn Fn(&Site) -> Use,
    converts: &'a dyn Fn(FuncId) -> bool,
    /// Names of functions that convert.
    names: BTreeSet<Name>,
    /// Places in tests that are tied to functions for certain.
    tied: FxHashMap<(FileId, TextRangeKey), RefId>,
    flow: Flow<'a>,
    /// The tests around what was asked for.
    scopes: RefCell<Scopes>,
    found: StandIns,
}

impl<'a> Finder<'a> {
    fn test_files(&self) -> Vec<(FileId, &'a FileFacts)> {
        self.world.index.loaded_files().filter(|(file, _)| self.world.in_tests(*file)).collect()
    }

    /// What the code does at these uses of a name.
    fn color_of(&self, uses: &[RefId]) -> Color {
        let (mut target, mut is_sync) = (None, false);
        for id in uses.iter().filter(|id| !self.world.in_tests(id.file)) {
            let called = match self.world.index.site(*id).usage {
                Usage::Called(call) => Some(self.world.index.call(call).usage == Usage::Awaited),
                Usage::Argument { call, .. } => self.is_carrier(call).then_some(false),
                _ => None,
            };
            let Some(is_awaited) = called else { continue };
            let site = self.world.graph.sites.get(id);
            match site.map_or(Use::Sync, |site| (self.use_of)(site)) {
                Use::Awaited => {
                    let targets = site.into_iter().flat_map(|site| site.targets.iter().copied());
                    target = target.or(targets.into_iter().find(|target| (self.converts)(*target)));
                }
                Use::Iterated => return Color::Mixed,
                Use::Sync => is_sync |= !is_awaited,
            }
        }
        match (target, is_sync) {
            (Some(target), false) => Color::Async(target),
            (Some(_), true) => Color::Mixed,
            (None, true) => Color::Sync,
            (None, false) => Color::Unknown,
        }
    }

    fn is_carrier(&self, call: CallId) -> bool {
        let name = self.world.names().last_name(self.world.index.call(call).func);
        name.is_some_and(|name| {
            matches!(name, "to_thread" | "run_in_threadpool" | "run_sync" | "run_in_executor" | "submit")
        })
    }

    /// What the code does with an attribute of an object that goes where `reach` says; by its name alone when it goes nowhere.
    fn color(&self, reach: &Reach, name: &Name) -> Color {
        match self.color_where_used(reach, name) {
            Color::Unknown => self.color_by_name(name),
            color => color,
        }
    }

    /// The same, and unknown when it goes nowhere.
    fn color_where_used(&self, reach: &Reach, name: &Name) -> Color {
        let colors = [&reach.strong, &reach.weak].map(|values| self.color_of(&self.uses(values.iter().copied(), name)));
        colors.into_iter().find(|color| *color != Color::Unknown).unwrap_or(Color::Unknown)
    }

    fn uses(&self, values: impl Iterator<Item = ValueId>, name: &Name) -> Vec<RefId> {
        let members = values.flat_map(|value| self.flow.members(value).iter().copied());
        let mut found: Vec<RefId> = members.filter(|id| self.world.index.site(*id).name == *name).collect();
        found.sort_unstable();
        found
    }

    fn color_by_name(&self, name: &Name) -> Color {
        if !self.names.contains(name) {
            return Color::Unknown;
        }
        match self.color_of(self.world.index.refs_of(name)) {
            Color::Unknown => {
                let defined = self.world.index.funcs_of(name).iter().copied();
                let mut defined = defined.filter(|func| !self.world.in_tests(func.file)).peekable();
                let first = defined.peek().copied();
                match first {
                    Some(first) if defined.all(|func| (self.converts)(func)) => Color::Async(first),
                    Some(_) => Color::Mixed,
                    None => Color::Unknown,
                }
            }
            color => color,
        }
    }

    /// What the code does with the functions that a place in a test is tied to: `service.load = Mock()`.
    fn color_at(&self, file: FileId, range: TextRange) -> Option<Color> {
        let site = &self.world.graph.sites[self.tied.get(&(file, key(range)))?];
        let mut code = site.targets.iter().copied().filter(|target| !self.world.in_tests(target.file)).peekable();
        let first = *code.peek()?;
        let converting = code.clone().filter(|target| (self.converts)(*target)).count();
        Some(match converting {
            0 => Color::Sync,
            all if all == code.count() => Color::Async(first),
            _ => Color::Mixed,
        })
    }

    fn unclear(&mut self, file: FileId, range: TextRange, name: &Name) {
        self.found.unclear.insert((file, key(range), name.clone()));
    }

    fn edit(&mut self, file: FileId, context: ContextId, edit: MockEdit) {
        let owner = self.world.index.context(context).func;
        self.found.edits.push((file, owner, edit));
    }

    /// Classes of tests with a method that bears the name of a function that converts, and override none of the code's.
    fn fakes(&mut self) {
        for (file, facts) in self.test_files() {
            for index in 0..facts.classes.len() as u32 {
                let class = ClassId { file, index };
                if facts[class].name.starts_with("Test") || framework::test_case(self.world, class) != TestCase::No {
                    continue;
                }
                let methods: Vec<FuncId> = facts[class]
                    .methods
                    .iter()
                    .copied()
                    .filter(|method| self.names.contains(&facts[*method].name) && !facts[*method].is_async)
                    .collect();
                if !methods.is_empty() {
                    self.fake(class, &methods);
                }
            }
        }
    }

    fn fake(&mut self, class: ClassId, methods: &[FuncId]) {
        let mut reach = Reach::default();
        for below in self.world.graph.hierarchy.descendants(class) {
            for call in self.calls_of(below) {
                if let Some(value) = self.flow.value_of(call) {
                    let more = self.flow.reach(value);
                    reach.strong.extend(more.strong);
                    reach.weak.extend(more.weak);
                }
            }
        }
        for method in methods {
            let func = self.world.index.func(*method);
            match self.color(&reach, &func.name) {
                Color::Async(target) => drop(self.found.fakes.insert(*method, target)),
                Color::Mixed => self.unclear(method.file, func.name_range, &func.name),
                Color::Sync | Color::Unknown => {}
            }
        }
    }

    /// Calls in tests that make an object of the class.
    fn calls_of(&self, class: ClassId) -> Vec<CallId> {
        let name = &self.world.index.class(class).name;
        let refs = self.world.index.refs_of(name).iter().filter(|id| self.world.in_tests(id.file));
        let names = self.world.names();
        refs.filter_map(|id| match self.world.index.site(*id).usage {
            Usage::Called(call) => {
                let func = self.world.index.call(call).func;
                names.evaluate(func).contains(&Meaning::Class(class)).then_some(call)
            }
            _ => None,
        })
        .collect()
    }

    /// What stands for an awaited function: a mock becomes an async one, a lambda goes into one, a function becomes async.
    /// `wrap` is the edit for a lambda.
    fn stand_in(&mut self, value: ValueId, target: FuncId, context: ContextId, wrap: MockEdit) {
        let index = self.world.index;
        match index.value(value) {
            Value::Call { call } if self.is_plain_mock(*call) => {
                self.edit(value.file, context, MockEdit::Async { call: *call });
            }
            Value::Lambda { func, .. } if self.takes_self(*func, target) => {
                let range = index.func(*func).range;
                if self.can_hoist(*func) {
                    self.edit(value.file, context, MockEdit::Hoisted { fake: key(range) });
                } else {
                    self.unclear(value.file, range, &index.func(target).name);
                }
            }
            Value::Lambda { .. } => self.edit(value.file, context, wrap),
            Value::Call { call } if self.wraps_foreign(index.call(*call)) => {
                self.unclear(value.file, index.call(*call).range, &index.func(target).name);
            }
            Value::Name { .. } => {
                for meaning in self.world.names().evaluate(value) {
                    match meaning {
                        Meaning::Func(func) if self.world.in_tests(func.file) && !index.func(func).is_async => {
                            self.found.fakes.insert(func, target);
                        }
                        Meaning::Value(bound) if bound != value => {
                            let Value::Call { call } = index.value(bound) else { continue };
                            let facts = index.call(*call);
                            if self.is_plain_mock(*call) {
                                self.edit(bound.file, facts.context, MockEdit::Async { call: *call });
                            } else if self.wraps_foreign(facts) {
                                self.unclear(bound.file, facts.range, &index.func(target).name);
                            }
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// `recorder(lambda: 1)`: something that nobody knows, made of a function by what is not the project's.
    fn wraps_foreign(&self, call: &Call) -> bool {
        let names = self.world.names();
        let is_function = |arg: &Arg| match self.world.index.value(arg.value) {
            Value::Lambda { .. } => true,
            Value::Name { .. } => names.evaluate(arg.value).iter().any(|meaning| matches!(meaning, Meaning::Func(_))),
            _ => false,
        };
        let meanings = names.evaluate(call.func);
        let is_mock = names.last_name(call.func).is_some_and(|name| name.contains("Mock") || name == "partial");
        let is_foreign = !meanings.is_empty() && meanings.iter().all(|one| matches!(one, Meaning::External(_)));
        !is_mock && is_foreign && call.args.iter().any(is_function)
    }

    /// Can a lambda become a definition before its statement?
    fn can_hoist(&self, lambda: FuncId) -> bool {
        let facts = self.world.index.func(lambda);
        facts.lambda.is_some_and(|lambda| lambda.is_hoistable)
            && !self.world.vetoes.contains(&(lambda.file, facts.range))
    }

    /// Does a lambda in the place of a method take the object as well? It stands on the class: `Store.load = lambda self: 1`. A mock
    /// in its place would not be bound.
    fn takes_self(&self, lambda: FuncId, method: FuncId) -> bool {
        let positional = |func: FuncId| {
            let params = self.world.index.func(func).params.iter();
            params.filter(|param| matches!(param.kind, ParamKind::Standard | ParamKind::PositionalOnly))
        };
        let needed = positional(lambda).filter(|param| param.default.is_none()).count();
        let is_named_so = positional(lambda).next().is_some_and(|param| matches!(param.name.as_str(), "self" | "cls"));
        let is_open = self.world.index.func(method).params.iter().any(|param| param.kind == ParamKind::Variadic);
        let is_method = self.world.index.func(method).class.is_some();
        is_method && (is_named_so || !is_open && needed >= positional(method).count().max(1))
    }

    /// Does the site name a function where a mock of it is configured or asserted only?
    fn is_production_call(&self, id: RefId) -> bool {
        !self.world.in_tests(id.file)
            && self.world.graph.sites.get(&id).is_none_or(|site| !matches!(site.kind, SiteKind::Mention))
    }
}
