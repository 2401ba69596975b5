//! Why a function converts or stays, and why a site is left: data that forms chains. Only the report turns it into words.

use ruff_text_size::TextRange;

use crate::index::facts::{CallId, ClassId, FileId, FuncId, RefId, ValueId};
use crate::resolve::other_loops::OtherLoop;
use crate::resolve::text::TextCall;
use crate::resolve::{LookupSite, PickSite};

/// One reason. Reasons that name a site or another function continue there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    // Why it converts.
    /// It makes a blocking call.
    Blocks {
        site: RefId,
    },
    /// It calls a function that converts.
    Calls {
        site: RefId,
        target: FuncId,
    },
    /// It calls a function that blocks and stays sync.
    Offloads {
        site: RefId,
        target: FuncId,
    },

    /// A codemod says that it becomes async under its own name; the index of the entry in the graph.
    Declared {
        entry: usize,
    },

    // Either way.
    /// It overrides, is overridden by, or is called at the same site as this one.
    Family {
        member: FuncId,
    },

    // Why it stays.
    /// A codemod declares it blocking: it is the layer that is moved off the loop.
    Layer,
    /// `# awaitify: keep`.
    KeepComment,
    /// `keep_sync` names it.
    KeepSync,
    /// Its file is outside of PATHS, excluded, or vendored.
    NotEditable,
    /// Python calls it by itself and takes no coroutine from it (`__init__`, `__len__`).
    Dunder,
    /// Python runs it by itself, at places that nothing names (`__del__`, `__set_name__`).
    RunUnseen,
    /// Its class has both forms of it.
    HasTwin,
    /// Its name is `_`: nothing tells its uses from those of a throwaway variable.
    Nameless,
    Property,
    /// It is a lambda that goes where nobody follows, or whose body cannot become a function.
    Lambda,
    Generator,
    ContextManager,
    /// A decorator that is not known to take async functions; its name.
    Decorator {
        name: String,
    },
    /// It overrides this member of a class outside the project.
    OverridesExternal {
        path: String,
    },
    /// Nothing in the tree calls it, and a base outside the tree may.
    CalledByBase,
    /// A test runner calls it by its name, in a file that is no test file.
    CalledByTestRunner,
    /// A framework runs it in its own threads, and no async function calls it.
    Threaded,
    /// An object of its class is given to something that calls it.
    PassedOn {
        call: CallId,
    },
    /// A class below has something else under its name, which is no method of its own.
    Replaced {
        class: ClassId,
    },
    /// Nothing in the tree calls it, and something outside is given its class, or an object of it.
    GivenOutside {
        file: FileId,
        range: TextRange,
    },
    /// An object of its class goes where nobody sees who iterates over it.
    IteratedUnseen {
        file: FileId,
        range: TextRange,
    },
    /// What takes all of it asks for this length first, which blocks.
    MeasuredFirst {
        length: FuncId,
    },
    /// Every caller runs it in a thread, as the code stands.
    InThread {
        site: RefId,
    },
    /// It keeps its sync face over an async body.
    Bridge,
    /// An entry point of the package names it, for whoever looks for this group.
    EntryPoint {
        group: String,
    },
    /// Only a path can load its file, whose name is no identifier, and nothing in the tree calls it.
    LoadedByPath,
    /// Something outside finds it by its name and calls it: a codemod says so.
    FoundByName {
        codemod: String,
    },
    /// Exported by a library, and nothing in the tree calls it.
    Exported,
    /// It returns something awaitable already, and a caller does not await at once.
    ReturnsAwaitable,
    /// The target version has no `asyncio.to_thread`.
    TargetVersion,
    /// It may run on the loop of this library, and what is put there needs a loop of asyncio.
    OnOtherLoop {
        site: RefId,
        library: OtherLoop,
    },
    /// A stub file beside the module describes it.
    StubFile,
    ReachNone,
    /// No async function reaches it.
    NotReached,
    /// It would end up without any await.
    NoAwait,

    // At a site.
    ModuleLevel {
        site: RefId,
    },
    /// In a lambda, a class body, or an annotation.
    Barrier {
        site: RefId,
    },
    /// In a generator expression.
    GeneratorExpression {
        site: RefId,
    },
    /// Under a lock that belongs to threads; the `with` item.
    Lock {
        site: RefId,
        with: ValueId,
    },
    /// Between `acquire()` and `release()`.
    Acquire {
        site: RefId,
    },
    /// Its caller stays sync.
    CallerStays {
        site: RefId,
        caller: FuncId,
    },
    /// Named as a value that goes somewhere unknown.
    Escapes {
        site: RefId,
    },
    Uncertain {
        site: RefId,
    },
    /// Something is run there too that is no function of the project.
    RunsOthers {
        site: RefId,
    },
    /// Run at a place that runs more functions than are followed.
    RunsMany {
        site: RefId,
    },
    /// A Protocol declares it for more classes than are told apart, and most of them run nothing blocking.
    DeclaredForMany {
        protocol: ClassId,
    },
    /// A `__getattribute__` hands out something else in the place of it.
    Intercepted {
        hook: FuncId,
    },
    /// The call is awaited already, so it returns an awaitable.
    AwaitedAlready {
        site: RefId,
    },
    /// An existing offload whose result is not awaited at once.
    OffloadNotAwaited {
        site: RefId,
    },
    /// An existing offload to an executor of the program's own: how many run at once, or in which process, was chosen.
    OwnExecutor {
        site: RefId,
    },
    /// In a lambda that a worker runs, beside something else that may block.
    SharesWorker {
        site: RefId,
    },
    /// Inside `try` with `except KeyboardInterrupt`.
    CatchesInterrupt {
        site: RefId,
    },
    /// The result is iterated, entered, or otherwise used where an await cannot stand.
    Consumed {
        site: RefId,
    },
    /// It is async now, and the function around it stays sync.
    Unawaited {
        site: RefId,
    },
    /// What takes the place of a blocking call is no coroutine, and nothing there can take it.
    TwinGives {
        site: RefId,
    },
    /// The rewriter cannot express it there.
    CannotRewrite {
        site: RefId,
    },
    /// What it calls there blocks and cannot be offloaded by itself.
    BlocksWithin {
        site: RefId,
    },
    /// What it calls there blocks and must not be moved to a thread: why not. Nothing else in it would be awaited.
    NotMoved {
        site: RefId,
        why: Box<Cause>,
    },
    /// A string names it where names are looked up.
    LookedUp {
        lookup: LookupSite,
    },
    /// A name that the program computes may be its own, and nobody sees what comes of it: `getattr(x, name)`.
    Computed {
        pick: PickSite,
    },
    /// Something of its name is called in a file that nothing can be changed in: it does not parse, or is no Python.
    CalledInText {
        call: TextCall,
    },
    /// The call stands in a file that is not to be edited.
    FileStays {
        site: RefId,
    },
    /// It changes in a later run: this one is about a part of the migration.
    Later {
        site: RefId,
    },
    /// A test that cannot follow.
    TestStays {
        site: RefId,
    },

    // Tests.
    /// It asks for a fixture that becomes async.
    AsksFor {
        fixture: FuncId,
    },
    /// An async test or fixture looks up a fixture that becomes async, whose runner cannot start a loop there.
    AsksInLoop {
        fixture: FuncId,
    },
    /// A test puts it in the place of a function that becomes async.
    StandsIn {
        target: FuncId,
    },
    /// The test framework calls it by this name, and cannot await it.
    TestHook {
        name: String,
    },
    /// Its class has a base that cannot run async tests.
    TestBase {
        path: String,
    },
    /// It replaces something that an event loop needs.
    TakesFromLoop {
        name: String,
    },
    /// It runs an event loop of its own, so it cannot run on one.
    RunsLoop {
        name: String,
    },
    /// It uses a helper, a fixture or a fake that cannot follow.
    Uses {
        func: FuncId,
    },
    /// `tests = "ignore"`.
    TestsIgnored,

    // Why an offload is refused.
    /// It needs the running loop (the name of what needs it).
    NeedsLoop {
        func: FuncId,
        name: String,
    },
    /// It makes an object with coroutine methods, and what initializes that (the name) is code from elsewhere.
    MayNeedLoop {
        func: FuncId,
        name: String,
    },
    /// It calls what others put into the attribute of that name.
    CallsOthers {
        func: FuncId,
        name: String,
    },
    /// It returns an iterator, a context manager or an awaitable: the work would happen later, on the loop.
    WorksLater {
        func: FuncId,
    },
    /// It stands in a comprehension inside of another one, where the target version takes no await.
    NestedComprehension {
        site: RefId,
    },
    /// An operator or a builtin runs a special method of its operand there.
    Operator {
        site: RefId,
    },
    /// The code that calls it there takes coroutine functions and plain ones, and it blocks.
    TakesBoth {
        func: FuncId,
    },
    /// It reads the current exception or the call stack.
    ReadsCaller {
        func: FuncId,
    },
    /// It sets a context variable: a worker has a copy of its own.
    SetsContext {
        func: FuncId,
    },
    /// It uses something that belongs to one thread (what makes it).
    ThreadBound {
        func: FuncId,
        what: &'static str,
    },
    /// A thread that runs the call gets a session of its own there.
    OtherSession {
        site: RefId,
    },
    /// It acquires a lock without releasing it, or the other way round.
    HoldsLock {
        func: FuncId,
    },
    /// `StopIteration` cannot leave a future.
    StopsIteration {
        func: FuncId,
    },
    /// `offload_project` forbids it.
    OffloadForbidden,
}

impl Cause {
    /// Does the function itself, its file or the user's word keep it sync, and not what somebody does with it?
    pub fn is_its_own(&self) -> bool {
        matches!(
            self,
            Cause::Layer
                | Cause::KeepComment
                | Cause::KeepSync
                | Cause::NotEditable
                | Cause::Dunder
                | Cause::RunUnseen
                | Cause::Property
                | Cause::Generator
                | Cause::ContextManager
                | Cause::TargetVersion
                | Cause::StubFile
                | Cause::ReachNone
                | Cause::NotReached
                | Cause::NoAwait
                | Cause::NotMoved { .. }
                | Cause::Family { .. }
        )
    }

    /// Does an obstacle of this kind keep the function around the site sync, so that it can be offloaded as a whole?
    pub fn takes_owner_back(&self) -> bool {
        matches!(
            self,
            Cause::Lock { .. }
                | Cause::Acquire { .. }
                | Cause::Barrier { .. }
                | Cause::GeneratorExpression { .. }
                | Cause::CatchesInterrupt { .. }
                | Cause::Consumed { .. }
                | Cause::TwinGives { .. }
                | Cause::CannotRewrite { .. }
                | Cause::RunsLoop { .. }
                | Cause::NestedComprehension { .. }
                | Cause::Operator { .. }
        )
    }

    /// The site the reason points at.
    pub fn site(&self) -> Option<RefId> {
        match self {
            Cause::Blocks { site }
            | Cause::Calls { site, .. }
            | Cause::Offloads { site, .. }
            | Cause::ModuleLevel { site }
            | Cause::Barrier { site }
            | Cause::GeneratorExpression { site }
            | Cause::Lock { site, .. }
            | Cause::Acquire { site }
            | Cause::CallerStays { site, .. }
            | Cause::Escapes { site }
            | Cause::Uncertain { site }
            | Cause::RunsOthers { site }
            | Cause::RunsMany { site }
            | Cause::AwaitedAlready { site }
            | Cause::OffloadNotAwaited { site }
            | Cause::OwnExecutor { site }
            | Cause::SharesWorker { site }
            | Cause::CatchesInterrupt { site }
            | Cause::Consumed { site }
            | Cause::TwinGives { site }
            | Cause::CannotRewrite { site }
            | Cause::Unawaited { site }
            | Cause::BlocksWithin { site }
            | Cause::NotMoved { site, .. }
            | Cause::FileStays { site }
            | Cause::Later { site }
            | Cause::Operator { site }
            | Cause::NestedComprehension { site }
            | Cause::OtherSession { site }
            | Cause::InThread { site }
            | Cause::OnOtherLoop { site, .. }
            | Cause::TestStays { site } => Some(*site),
            Cause::Declared { .. }
            | Cause::Family { .. }
            | Cause::Layer
            | Cause::KeepComment
            | Cause::KeepSync
            | Cause::NotEditable
            | Cause::Dunder
            | Cause::RunUnseen
            | Cause::HasTwin
            | Cause::Nameless
            | Cause::Property
            | Cause::Lambda
            | Cause::Generator
            | Cause::ContextManager
            | Cause::Decorator { .. }
            | Cause::OverridesExternal { .. }
            | Cause::CalledByBase
            | Cause::DeclaredForMany { .. }
            | Cause::Bridge
            | Cause::Exported
            | Cause::EntryPoint { .. }
            | Cause::LoadedByPath
            | Cause::FoundByName { .. }
            | Cause::CalledByTestRunner
            | Cause::Threaded
            | Cause::PassedOn { .. }
            | Cause::Replaced { .. }
            | Cause::GivenOutside { .. }
            | Cause::IteratedUnseen { .. }
            | Cause::MeasuredFirst { .. }
            | Cause::Intercepted { .. }
            | Cause::ReturnsAwaitable
            | Cause::TargetVersion
            | Cause::StubFile
            | Cause::ReachNone
            | Cause::NotReached
            | Cause::NoAwait
            | Cause::LookedUp { .. }
            | Cause::Computed { .. }
            | Cause::CalledInText { .. }
            | Cause::NeedsLoop { .. }
            | Cause::MayNeedLoop { .. }
            | Cause::CallsOthers { .. }
            | Cause::WorksLater { .. }
            | Cause::TakesBoth { .. }
            | Cause::ReadsCaller { .. }
            | Cause::SetsContext { .. }
            | Cause::ThreadBound { .. }
            | Cause::HoldsLock { .. }
            | Cause::StopsIteration { .. }
            | Cause::AsksFor { .. }
            | Cause::AsksInLoop { .. }
            | Cause::StandsIn { .. }
            | Cause::TestHook { .. }
            | Cause::TestBase { .. }
            | Cause::TakesFromLoop { .. }
            | Cause::RunsLoop { .. }
            | Cause::Uses { .. }
            | Cause::TestsIgnored
            | Cause::OffloadForbidden => None,
        }
    }
}
