//! One sentence for each cause, one phrase for each evidence, and places as `file:line`.

mod consumed;

use ruff_source_file::LineIndex;
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashMap;

use crate::color::World;
use crate::color::cause::Cause;
use crate::index::facts::*;
use crate::py::source;
use crate::resolve::other_loops::OtherLoop;
use crate::resolve::text::Medium;
use crate::resolve::{Evidence, runner};

/// What these modules call runs in a thread or a process of its own.
const OFF_THE_LOOP: [&str; 3] = ["threading.", "multiprocessing.", "concurrent.futures."];

/// Turns offsets into lines; reads a file when it is first asked about it.
pub struct Places<'a> {
    world: World<'a>,
    lines: FxHashMap<FileId, Option<(String, LineIndex)>>,
}

impl<'a> Places<'a> {
    /// Nothing is read yet.
    pub fn new(world: World<'a>) -> Self {
        Self { world, lines: FxHashMap::default() }
    }

    fn text(&mut self, file: FileId) -> Option<&(String, LineIndex)> {
        let path = &self.world.project.file(file).path;
        self.lines
            .entry(file)
            .or_insert_with(|| {
                let text = source::decode(&std::fs::read(path).ok()?).ok()?.text;
                let index = LineIndex::from_source_text(&text);
                Some((text, index))
            })
            .as_ref()
    }

    /// The line of an offset, counted from 1.
    pub fn line(&mut self, file: FileId, offset: TextSize) -> usize {
        self.text(file).map_or(1, |(_, index)| index.line_index(offset).get())
    }

    /// Line and column (in characters) of an offset, counted from 1.
    pub fn line_and_column(&mut self, file: FileId, offset: TextSize) -> (usize, usize) {
        self.text(file).map_or((1, 1), |(text, index)| {
            let position = index.line_column(offset, text);
            (position.line.get(), position.column.get())
        })
    }

    /// `path:line`.
    pub fn place(&mut self, file: FileId, offset: TextSize) -> String {
        let line = self.line(file, offset);
        format!("{}:{line}", self.world.project.file(file).relative)
    }

    /// The place of a site.
    pub fn site(&mut self, id: RefId) -> String {
        self.place(id.file, self.world.index.site(id).name_range.start())
    }

    /// The place of a definition's name.
    pub fn func(&mut self, id: FuncId) -> String {
        self.place(id.file, self.world.index.func(id).name_range.start())
    }

    /// The text of a range on one line, shortened.
    pub fn excerpt(&mut self, file: FileId, range: TextRange) -> String {
        let text = self.text(file).map(|(text, _)| text[range].split_whitespace().collect::<Vec<_>>().join(" "));
        let text = text.unwrap_or_default();
        if text.chars().count() > 60 { format!("{}...", text.chars().take(57).collect::<String>()) } else { text }
    }
}

/// What the evidence is called in reports and JSON.
pub fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Import => "import",
        Evidence::Type => "type",
        Evidence::Flow => "flow",
        Evidence::Agreement => "agreement",
        Evidence::Pattern => "pattern",
        Evidence::Stated => "stated",
    }
}

/// A stable short name for each cause: the key of the counts, and `cause` in JSON.
pub fn key(cause: &Cause) -> &'static str {
    match cause {
        Cause::Blocks { .. } => "blocks",
        Cause::Calls { .. } => "calls",
        Cause::Offloads { .. } => "offloads",
        Cause::Declared { .. } => "declared",
        Cause::Family { .. } => "family",
        Cause::Layer => "layer",
        Cause::KeepComment => "keep-comment",
        Cause::KeepSync => "keep-sync",
        Cause::NotEditable => "not-editable",
        Cause::Dunder => "dunder",
        Cause::RunUnseen => "run-unseen",
        Cause::HasTwin => "has-twin",
        Cause::Nameless => "nameless",
        Cause::Property => "property",
        Cause::Lambda => "lambda",
        Cause::Generator => "generator",
        Cause::ContextManager => "context-manager",
        Cause::Decorator { .. } => "decorator",
        Cause::OverridesExternal { .. } => "overrides-external",
        Cause::CalledByBase => "called-by-base",
        Cause::CalledByTestRunner => "called-by-test-runner",
        Cause::Threaded => "threaded",
        Cause::PassedOn { .. } => "passed-on",
        Cause::Replaced { .. } => "replaced",
        Cause::GivenOutside { .. } => "given-outside",
        Cause::IteratedUnseen { .. } => "iterated-unseen",
        Cause::MeasuredFirst { .. } => "measured-first",
        Cause::InThread { .. } => "in-thread",
        Cause::Bridge => "bridge",
        Cause::EntryPoint { .. } => "entry-point",
        Cause::LoadedByPath => "loaded-by-path",
        Cause::FoundByName { .. } => "found-by-name",
        Cause::Exported => "exported",
        Cause::ReturnsAwaitable => "returns-awaitable",
        Cause::TargetVersion => "target-version",
        Cause::OnOtherLoop { .. } => "on-other-loop",
        Cause::StubFile => "stub-file",
        Cause::ReachNone => "reach-none",
        Cause::NotReached => "not-reached",
        Cause::NoAwait => "no-await",
        Cause::NotMoved { .. } => "not-moved",
        Cause::ModuleLevel { .. } => "module-level",
        Cause::Barrier { .. } => "lambda-or-class-body",
        Cause::GeneratorExpression { .. } => "generator-expression",
        Cause::Lock { .. } => "lock",
        Cause::Acquire { .. } => "acquire",
        Cause::CallerStays { .. } => "caller-stays",
        Cause::Escapes { .. } => "escapes",
        Cause::Uncertain { .. } => "uncertain",
        Cause::RunsOthers { .. } => "runs-others",
        Cause::RunsMany { .. } => "runs-many",
        Cause::DeclaredForMany { .. } => "declared-for-many",
        Cause::Intercepted { .. } => "intercepted",
        Cause::AwaitedAlready { .. } => "awaited-already",
        Cause::SharesWorker { .. } => "shares-worker",
        Cause::OffloadNotAwaited { .. } => "offload-not-awaited",
        Cause::OwnExecutor { .. } => "own-executor",
        Cause::CatchesInterrupt { .. } => "catches-interrupt",
        Cause::Consumed { .. } => "consumed",
        Cause::TwinGives { .. } => "twin-gives",
        Cause::CannotRewrite { .. } => "cannot-rewrite",
        Cause::Unawaited { .. } => "unawaited",
        Cause::BlocksWithin { .. } => "blocks-within",
        Cause::LookedUp { .. } => "looked-up",
        Cause::Computed { .. } => "computed",
        Cause::CalledInText { .. } => "called-in-text",
        Cause::FileStays { .. } => "file-stays",
        Cause::Later { .. } => "later",
        Cause::TestStays { .. } => "test-stays",
        Cause::AsksFor { .. } => "asks-for-fixture",
        Cause::AsksInLoop { .. } => "asks-in-loop",
        Cause::StandsIn { .. } => "stands-in",
        Cause::TestHook { .. } => "test-hook",
        Cause::TestBase { .. } => "test-base",
        Cause::TakesFromLoop { .. } => "takes-from-loop",
        Cause::RunsLoop { .. } => "runs-loop",
        Cause::Uses { .. } => "uses",
        Cause::TestsIgnored => "tests-ignored",
        Cause::NeedsLoop { .. } | Cause::MayNeedLoop { .. } | Cause::CallsOthers { .. } => "needs-loop",
        Cause::WorksLater { .. } => "works-later",
        Cause::TakesBoth { .. } => "takes-both",
        Cause::Operator { .. } => "operator",
        Cause::NestedComprehension { .. } => "nested-comprehension",
        Cause::ReadsCaller { .. } => "reads-caller",
        Cause::SetsContext { .. } => "sets-context",
        Cause::ThreadBound { .. } => "thread-bound",
        Cause::OtherSession { .. } => "other-session",
        Cause::HoldsLock { .. } => "holds-lock",
        Cause::StopsIteration { .. } => "stop-iteration",
        Cause::OffloadForbidden => "offload-forbidden",
    }
}

/// The cause as a sentence without subject: "it overrides `x`, which ...".
pub fn sentence(world: World, places: &mut Places, cause: &Cause) -> String {
    let names = world.names();
    let call = |places: &mut Places, site: RefId| {
        format!("`{}` ({})", places.excerpt(site.file, world.index.site(site).range), places.site(site))
    };
    match cause {
        Cause::Blocks { site } => format!("it makes the blocking call {}", call(places, *site)),
        Cause::Calls { site, target } => {
            format!("it calls `{}` at {}", names.qualified_func(*target), places.site(*site))
        }
        Cause::Offloads { site, target } => format!(
            "it calls `{}`, which blocks and stays sync, at {}",
            names.qualified_func(*target),
            places.site(*site)
        ),
        Cause::Declared { entry } => {
            format!(
                "the codemod `{}` says that it becomes async under its own name",
                world.graph.entries[*entry].codemod
            )
        }
        Cause::Family { member } => {
            format!("it has one color with `{}` ({})", names.qualified_func(*member), places.func(*member))
        }
        Cause::Layer => "a codemod declares it blocking: it is the layer that is moved off the loop".into(),
        Cause::KeepComment => "a comment says `# awaitify: keep`".into(),
        Cause::KeepSync => "`keep_sync` names it".into(),
        Cause::NotEditable => "its file is not to be edited".into(),
        Cause::Nameless => "its name is `_`, which says nothing of where it is called".into(),
        Cause::Dunder => "Python calls it by itself and cannot await it".into(),
        Cause::RunUnseen => {
            "Python runs it by itself, where nothing names it: wherever that is in async code, it blocks the loop"
                .into()
        }
        Cause::HasTwin => "its class has an async method beside it already, for `async with` or `async for`".into(),
        Cause::Lambda => "it is a lambda that something unknown calls, or that no definition can stand for".into(),
        Cause::Property => "it is a property: reading an attribute cannot be awaited".into(),
        Cause::Generator => "it is a generator".into(),
        Cause::ContextManager => "it is a context manager made from a generator".into(),
        Cause::Decorator { name } => format!("its decorator `{name}` is not known to take async functions"),
        Cause::OverridesExternal { path } if OFF_THE_LOOP.iter().any(|module| path.starts_with(module)) => {
            format!("it overrides `{path}`, which is not ours")
        }
        Cause::OverridesExternal { path } => {
            format!("it overrides `{path}`, which is not ours: what calls that from outside, in async code too, blocks")
        }
        Cause::CalledByBase => {
            "nothing in the project calls it, but a base class from outside may: in async code, that blocks".into()
        }
        Cause::BlocksWithin { site } => {
            format!(
                "{} blocks and cannot be moved to a thread by itself, so the function is as a whole",
                call(places, *site)
            )
        }
        Cause::CalledByTestRunner => "a test runner calls it by its name and awaits nothing".into(),
        Cause::Threaded => "the framework runs it in a thread of its own, and no async function calls it".into(),
        Cause::PassedOn { call } => {
            let range = world.index.call(*call).range;
            let place = places.place(call.file, range.start());
            format!(
                "an object of its class is given to `{}` ({place}), which calls it",
                places.excerpt(call.file, range)
            )
        }
        Cause::Replaced { class } => {
            let place = places.place(class.file, world.index.class(*class).name_range.start());
            format!("`{}` ({place}) has something else under its name", names.qualified_class(*class))
        }
        Cause::GivenOutside { file, range } => format!(
            "nothing in the project calls it, and `{}` ({}), which is given its class or an object of it, may",
            places.excerpt(*file, *range),
            places.place(*file, range.start())
        ),
        Cause::IteratedUnseen { file, range } => {
            format!(
                "an object of its class goes where nobody sees who iterates over it ({})",
                places.place(*file, range.start())
            )
        }
        Cause::MeasuredFirst { length } => {
            format!(
                "what takes all of it asks `{}` first, which blocks and cannot be awaited",
                names.qualified_func(*length)
            )
        }
        Cause::Intercepted { hook } => {
            format!(
                "`{}` ({}) hands out something else in the place of it",
                names.qualified_func(*hook),
                places.func(*hook)
            )
        }
        Cause::OnOtherLoop { library, .. } => {
            let hint = match library {
                OtherLoop::Trio => ": `offload = \"anyio\"` in the config runs on both",
                OtherLoop::Curio | OtherLoop::Twisted => "",
            };
            format!("it may run on {}, where `asyncio` has no loop{hint}", library.name())
        }
        Cause::InThread { site } => {
            format!("every caller runs it in a thread already, as {}", call(places, *site))
        }
        Cause::Bridge => "it is a command: it keeps its sync face and runs an async body".into(),
        Cause::EntryPoint { group } => {
            format!("an entry point of the package (`{group}`) names it, and what loads it calls it")
        }
        Cause::LoadedByPath => {
            "only a path can load its file, whose name is no identifier, and what loads it calls it".into()
        }
        Cause::FoundByName { codemod } => {
            format!("it is found by its name and called without an await, as the codemod `{codemod}` says")
        }
        Cause::Exported => "the library exports it, and nothing in the project calls it".into(),
        Cause::ReturnsAwaitable => "it returns an awaitable already, and not every caller awaits it at once".into(),
        Cause::TargetVersion => "the target version of Python has no `asyncio.to_thread`".into(),
        Cause::StubFile => "a stub file beside the module describes it as sync".into(),
        Cause::ReachNone => "`reach = \"none\"` converts nothing".into(),
        Cause::NotReached => "no async function reaches it".into(),
        Cause::NoAwait => "nothing in it that blocks would be awaited".into(),
        Cause::NotMoved { site, why } => {
            format!("{} must not run in a thread: {}", call(places, *site), sentence(world, places, why))
        }
        Cause::ModuleLevel { site } => format!("{} runs at module level", call(places, *site)),
        Cause::Barrier { site } => {
            format!(
                "{} stands in a lambda, a class body or an annotation, where no await can stand",
                call(places, *site)
            )
        }
        Cause::GeneratorExpression { site } => {
            format!("{} stands in a generator expression, which an await would make async", call(places, *site))
        }
        Cause::Lock { site, with } => {
            let range = world.context(*site).withs.iter().find(|item| item.value == *with).map(|item| item.range);
            let lock = range.map(|range| {
                format!("`{}` ({})", places.excerpt(site.file, range), places.place(site.file, range.start()))
            });
            format!("{} runs under the lock {}", call(places, *site), lock.unwrap_or_default())
        }
        Cause::Acquire { site } => format!("{} runs in a function that acquires a lock by hand", call(places, *site)),
        Cause::CallerStays { site, caller } => {
            format!("its caller `{}` stays sync ({})", names.qualified_func(*caller), places.site(*site))
        }
        Cause::Escapes { site } => {
            format!("it is passed on as a value: {}", call(places, *site))
        }
        Cause::RunsOthers { site } => {
            format!("{} also runs something that is not ours and cannot become async", call(places, *site))
        }
        Cause::RunsMany { site } if world.graph.is_leaf(*site) => {
            format!("it runs at {}, which a codemod declares blocking: that goes to a thread", call(places, *site))
        }
        Cause::RunsMany { site } => {
            format!("it is one of too many functions that run at {}", call(places, *site))
        }
        Cause::DeclaredForMany { protocol } => {
            let protocol = names.qualified_class(*protocol);
            format!("the Protocol `{protocol}` declares it for many classes, and most of them do not block")
        }
        Cause::Uncertain { site } => format!("it is not certain what {} calls", call(places, *site)),
        Cause::AwaitedAlready { site } => format!("the result of {} is awaited already", call(places, *site)),
        Cause::SharesWorker { site } => format!(
            "a lambda runs {} in a thread, and with it something else that may block and would run on the loop then",
            call(places, *site)
        ),
        Cause::OffloadNotAwaited { site } => {
            format!("it is offloaded at {}, and the result is not awaited at once", places.site(*site))
        }
        Cause::OwnExecutor { site } => {
            format!("it runs in an executor that the program chose, at {}", places.site(*site))
        }
        Cause::CatchesInterrupt { site } => {
            format!("{} stands where KeyboardInterrupt is caught", call(places, *site))
        }
        Cause::Consumed { site } => consumed::consumed(world, &call(places, *site), *site),
        Cause::Unawaited { site } => {
            format!(
                "{} is async now, and the function around it cannot await it: change it by hand",
                call(places, *site)
            )
        }
        Cause::TwinGives { site } => format!(
            "what takes the place of {} gives an async iterator or context manager, and nothing there can take one",
            call(places, *site)
        ),
        Cause::CannotRewrite { site } => format!("{} cannot be expressed with an await", call(places, *site)),
        Cause::LookedUp { lookup } => {
            let string = &world.index.file(lookup.file).lookups[lookup.index as usize];
            let place = places.place(lookup.file, string.range.start());
            format!("the string `{}` looks it up at {place}", string.text)
        }
        Cause::Computed { pick } => {
            let range = world.index.file(pick.file).picks[pick.index as usize].range;
            let (excerpt, place) = (places.excerpt(pick.file, range), places.place(pick.file, range.start()));
            format!("`{excerpt}` ({place}) may look it up, and what comes of it is not awaited")
        }
        Cause::CalledInText { call } => {
            let line = call.line.map_or_else(String::new, |line| format!(":{line}"));
            let why = match call.medium {
                Medium::Unparsed => "which does not parse",
                Medium::Notebook => "a notebook",
                Medium::Template => "a template",
                Medium::Script => "which is Python under another name",
                Medium::Path => {
                    return format!("{}{line} names it in a string, and what finds it by that calls it", call.path);
                }
                Medium::Settings => {
                    return format!("{}{line} names it, and what finds it by that calls it", call.path);
                }
            };
            format!("something of its name is called in {}{line}, {why}, where no await can be put", call.path)
        }
        Cause::FileStays { site } => format!("{} stands in a file that is not to be edited", call(places, *site)),
        Cause::Later { site } => format!("{} is in a group that was not chosen", call(places, *site)),
        Cause::TestStays { site } => format!("the test around {} stays sync and may break", call(places, *site)),
        Cause::AsksFor { fixture } => {
            format!("it asks for the fixture `{}` ({})", names.qualified_func(*fixture), places.func(*fixture))
        }
        Cause::AsksInLoop { fixture } => format!(
            "`getfixturevalue` gives it the fixture `{}` ({}), which becomes async and cannot be set up while a loop runs",
            names.qualified_func(*fixture),
            places.func(*fixture)
        ),
        Cause::StandsIn { target } => {
            format!("it stands in for `{}` ({})", names.qualified_func(*target), places.func(*target))
        }
        Cause::TestHook { name } => format!("the test framework calls `{name}` and cannot await it"),
        Cause::TestBase { path } => format!("its class derives from `{path}`, which cannot run async tests"),
        Cause::TakesFromLoop { name } => {
            format!("an event loop needs `{name}`, which the test or a fixture that it gets replaces")
        }
        Cause::RunsLoop { name } if runner::is_fork(name) => {
            format!("it goes on in another process (`{name}`), where no loop runs")
        }
        Cause::RunsLoop { name } if runner::is_of_django(name) => {
            format!("it asks Django's database (`{name}`), which refuses where a loop runs")
        }
        Cause::RunsLoop { name } => format!("it runs an event loop of its own (`{name}`)"),
        Cause::Uses { func } => {
            format!("it uses `{}` ({}), which cannot follow", names.qualified_func(*func), places.func(*func))
        }
        Cause::TestsIgnored => "`tests = \"ignore\"` leaves tests as they are".into(),
        Cause::NeedsLoop { func, name } => {
            let needed = if name.starts_with("signal.") { "main thread" } else { "running loop" };
            format!("`{}` needs the {needed} (`{name}`), so it cannot run in a thread", names.qualified_func(*func))
        }
        Cause::MayNeedLoop { func, name } => format!(
            "`{}` makes an object that may need the running loop (`{name}`), so it does not run in a thread",
            names.qualified_func(*func)
        ),
        Cause::CallsOthers { func, name } => format!(
            "`{}` calls what others put into `{name}`, which may need the running loop, so it does not run in a thread",
            names.qualified_func(*func)
        ),
        Cause::NestedComprehension { site } => format!(
            "{} stands in a comprehension inside another one, where Python before 3.11 takes no await",
            call(places, *site)
        ),
        Cause::Operator { site } => {
            let targets = world.graph.sites.get(site).map(|site| site.targets.as_slice()).unwrap_or_default();
            let method = targets.first().map(|func| names.qualified_func(*func)).unwrap_or_default();
            format!(
                "an operator, a builtin or a `with` runs `{method}`, which blocks, and Python cannot await it there"
            )
        }
        Cause::TakesBoth { func } => {
            let name = names.qualified_func(*func);
            format!(
                "`{name}` blocks, and is given to code that takes coroutine functions and plain ones, and calls both on the loop"
            )
        }
        Cause::WorksLater { func } if world.index.func(*func).is_async => {
            let name = names.qualified_func(*func);
            format!("`{name}` may be what is called, and is async: a thread would give a coroutine back")
        }
        Cause::WorksLater { func } => {
            format!("`{}` returns something that does its work later, on the loop", names.qualified_func(*func))
        }
        Cause::ReadsCaller { func } => {
            format!("`{}` reads its caller's exception or frame", names.qualified_func(*func))
        }
        Cause::SetsContext { func } => {
            format!("`{}` sets a context variable, which a thread does for itself only", names.qualified_func(*func))
        }
        Cause::ThreadBound { func, what } => {
            format!("`{}` uses what `{what}` made, which belongs to one thread", names.qualified_func(*func))
        }
        Cause::OtherSession { site } => {
            format!("{} has a session for each thread: in another thread it is another one", call(places, *site))
        }
        Cause::HoldsLock { func } => {
            format!("`{}` leaves a lock held, or releases one that it did not acquire", names.qualified_func(*func))
        }
        Cause::StopsIteration { func } => {
            format!(
                "`{}` raises StopIteration, which can leave neither a coroutine nor a thread",
                names.qualified_func(*func)
            )
        }
        Cause::OffloadForbidden => "`offload_project` forbids to offload it".into(),
    }
}
