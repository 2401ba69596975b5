//! Calls that nobody knows for certain: what is listed, how each is settled, and what becomes of them by the setting.

use crate::support::{Project, check_round};

/// `combat` may be anything: it comes from a registry that is filled elsewhere.
const GAME: &str = "#- services.py
class CombatService:
    def __init__(self, persistence):
        self.persistence = persistence

    def strike(self, who):
        return self.persistence.get(who)

class Forge:
    def strike(self, iron):
        return iron
";

fn npc(field: &str, first: &str, second: &str) -> String {
    format!(
        "{GAME}#- npc.py
import registry
from services import CombatService

class Npc:
    def __init__(self, found):
        {field}

    async def attack(self, who):
        return self.combat.strike(who){first}

    async def flee(self, who):
        self.combat.strike(who){second}
        return 1

def make():
    return Npc(registry.lookup('combat'))
"
    )
}

#[test]
fn the_hint_names_the_annotation_and_the_annotation_settles() {
    let open = Project::new(&npc("self.combat = found", "", ""));
    open.run("diff").says(&[
        "2 uncertain",
        "annotate `self.combat` at npc.py:6 (CombatService or Forge): settles 2 sites",
        "services.CombatService.strike: it is not certain what `self.combat.strike` (npc.py:9) calls",
    ]);
    let settled = Project::new(&npc("self.combat: CombatService = found", "", ""));
    let run = settled.run("diff").returned(1).says(&["0 uncertain"]);
    assert!(run.text().contains("+    async def strike(self, who):"), "{}", run.text());
    assert_eq!(run.text().matches("await self.combat.strike(who)").count(), 2, "{}", run.text());
}

#[test]
fn a_comment_settles_the_sites_of_its_line() {
    let is = "  # awaitify: is services.CombatService.strike";
    let one = Project::new(&npc("self.combat = found", is, ""));
    one.run("diff").says(&["1 as stated by you, 1 uncertain", "settles 1 site"]);
    let both = Project::new(&npc("self.combat = found", is, "  # awaitify: not"));
    let run = both.run("diff").returned(1).says(&["0 uncertain"]);
    assert!(run.text().contains("+        return await self.combat.strike(who)  # awaitify: is"), "{}", run.text());
    assert!(!run.text().contains("await self.combat.strike(who)  # awaitify: not"), "{}", run.text());
}

#[test]
fn the_config_settles_lines() {
    let config = "#- awaitify.toml
codemods = [\"persistence\"]
settled = [
    { site = \"npc.py:9\", is = \"services.CombatService.strike\" },
    { site = \"npc.py:12\", is = \"not\" },
]
";
    let project = Project::new(&format!("{config}{}", npc("self.combat = found", "", "")));
    let run = project.run("diff").returned(1).says(&["0 uncertain"]);
    assert!(run.text().contains("+        return await self.combat.strike(who)"), "{}", run.text());
}

#[test]
fn what_is_said_of_nothing_is_a_problem() {
    let wrong = Project::new(&npc("self.combat = found", "  # awaitify: is services.Nobody.strike", ""));
    wrong.run("diff").says(&["`services.Nobody.strike` (said of `strike` by a comment or `settled`) is no function"]);
    for site in ["npc.py:900", "nowhere.py:1"] {
        let config = format!(
            "#- awaitify.toml\ncodemods = [\"persistence\"]\nsettled = [{{ site = \"{site}\", is = \"not\" }}]\n"
        );
        let project = Project::new(&format!("{config}{}", npc("self.combat = found", "", "")));
        project.run("diff").says(&["`settled` names"]);
    }
}

#[test]
fn the_setting_says_what_becomes_of_uncertain_calls() {
    let text = |uncertain: &str| {
        let config = format!("#- awaitify.toml\ncodemods = [\"persistence\"]\nuncertain = \"{uncertain}\"\n");
        let project = Project::new(&format!("{config}{}", npc("self.combat = found", "", "")));
        project.run("diff").text().to_owned()
    };
    let (block, report, wait) = (text("block"), text("report"), text("await"));
    assert!(!block.contains("async def strike"), "{block}");
    assert!(report.contains("+    async def strike") && !report.contains("await self.combat"), "{report}");
    assert_eq!(wait.matches("+        return await self.combat.strike(who)").count(), 1, "{wait}");
    assert!(wait.contains("+        await self.combat.strike(who)"), "{wait}");
}

#[test]
fn what_only_another_test_defines_is_not_listed() {
    let project = Project::new(
        "#- app.py
class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    def load(self, key):
        return self.persistence.get(key)
#- test_fakes.py
from app import Store

class Mock:
    def __init__(self):
        self.error = None
        self.store = Store(None)

    def __call__(self, key):
        return self.store.load(key)

def test_it():
    assert Mock()('a')
#- test_other.py
import logs

logger = logs.make()

def test_other():
    logger.error('a')
    logger.error('b')
",
    );
    project.run("diff").returned(1).says(&["0 uncertain"]);
}

#[test]
fn what_is_printed_or_compared_is_not_called() {
    let project = Project::new(
        "#- app.py
class Service:
    def __init__(self, persistence):
        self.persistence = persistence

    def is_admin(self, who):
        return self.persistence.get(who)

async def run(player, service: Service):
    print(f'{player.is_admin}', player.is_admin == 1)
    return service.is_admin(player)
",
    );
    let run = project.run("diff").returned(1).says(&["0 uncertain"]);
    assert!(run.text().contains("+    async def is_admin(self, who):"), "{}", run.text());
}

/// `Client` has methods that everything has: they say nothing of loggers, and of what a package made that is not installed.
const CLIENT: &str = "class Client:
    def info(self, key):
        return persistence.get(key)

    def get(self, key):
        return persistence.get(key)

    def start(self):
        persistence.save(1)

async def main():
    client = Client()
    client.info('a'), client.get('a'), client.start()
";
const CONVERTED: &str = "import asyncio

class Client:
    async def info(self, key):
        return await asyncio.to_thread(persistence.get, key)

    async def get(self, key):
        return await asyncio.to_thread(persistence.get, key)

    async def start(self):
        await asyncio.to_thread(persistence.save, 1)

async def main():
    client = Client()
    await client.info('a'), await client.get('a'), await client.start()
";

/// All methods of [`CLIENT`] convert beside `other`, which nothing changes.
#[track_caller]
fn check_settled(other: &str) {
    let project = Project::new(&format!("#- client.py\nimport asyncio\n\n{CLIENT}#- other.py\n{other}"));
    let diff = check_round(&project);
    assert!(!diff.stderr.contains("not certain") && diff.stderr.contains(" 0 uncertain"), "{}", diff.stderr);
    project.run("apply --allow-dirty").returned(0);
    assert_eq!(project.text("client.py"), CONVERTED);
    assert_eq!(project.text("other.py"), other);
}

/// A method of [`CLIENT`] that `other` may call stays, and the site is named.
#[track_caller]
fn check_open(other: &str) {
    let project = Project::new(&format!("#- client.py\nimport asyncio\n\n{CLIENT}#- other.py\n{other}"));
    check_round(&project).says(&["uncertain sites:", "1 uncertain"]);
}

#[test]
fn loggers_are_no_class_that_has_nothing_to_do_with_logs() {
    check_settled(
        "class App(Base):\n    def run(self, request):\n        self.log.info('a')\n        request.app.logger.info('b')\n",
    );
    check_settled(
        "import logging\nlogger = logging.getLogger(__name__)\ndef run(log=None):\n    (log or logger).info('a')\n    _logger = log or logging.getLogger('x')\n    _logger.info('a')\n",
    );
    check_settled("import structlog\nlog = structlog.get_logger().bind(a=1)\ndef run():\n    log.info('a')\n");
    // A class of that kind may well be one.
    let own = "class AuditLog:\n    def error(self, text):\n        persistence.save(text)\n\nasync def audit(log):\n    AuditLog().error('x')\n    log.error('x')\n";
    let project = Project::new(&format!("#- audit.py\n{own}"));
    check_round(&project);
    project.run("apply --allow-dirty").returned(0);
    assert!(project.text("audit.py").contains("    await log.error('x')"), "{}", project.text("audit.py"));
}

#[test]
fn what_a_foreign_package_makes_of_data_is_nothing_of_the_project() {
    check_settled("import tornado.ioloop\ndef run():\n    loop = tornado.ioloop.IOLoop.current()\n    loop.start()\n");
    check_settled("import boto3\ndef run(region: str):\n    boto3.client('s3', region_name='eu').get('a')\n");
    check_settled("from web import Request\nasync def view(request: Request):\n    request.headers.get('a')\n");
    check_settled(
        "import api\nasync def view():\n    data = (await api.fetch('x')).json()\n    data.get('a')\n    for row in data['rows']:\n        row.get('a')\n",
    );
    check_settled("from web import View\nclass Page(View):\n    def show(self):\n        self.request.GET.get('a')\n");
}

#[test]
fn what_got_something_of_the_project_may_give_it_back() {
    check_open("import wrap\nfrom client import Client\ndef run():\n    wrap.proxy(Client()).get('a')\n");
    check_open(
        "import box\nfrom client import Client\ndef run():\n    held = box.Box()\n    held.put(Client())\n    held.take().get('a')\n",
    );
    check_open("import box\ndef run(client):\n    box.proxy(client).get('a')\n");
    check_open("import load\ndef run():\n    load.new('client.Client').get('a')\n");
    check_open(
        "from web import Request\ndef prepare(app, client):\n    app.service = client\nasync def view(request: Request):\n    request.service.get('a')\n",
    );
    check_open("from web import Request\nasync def view(request: Request):\n    request.state['client'].get('a')\n");
}

/// A class below one of the package is what the package may make.
#[test]
fn a_foreign_package_makes_what_is_below_its_own() {
    let below = "import web\nclass User(web.Model):\n    def load(self):\n        return persistence.get(1)\n\nasync def main():\n    User().load()\n    web.current_user().load()\n";
    check_round(&Project::new(&format!("#- user.py\n{below}"))).says(&["uncertain"]);
}

/// `ctx.guild` is what the package that nobody has installed makes of it: an own method of that name is no proof.
#[test]
fn nothing_agrees_on_an_object_from_outside() {
    let project = |annotation: &str| {
        Project::new(&format!(
            "#- app.py\nfrom discord import Context\n\nclass Castle:\n    def get_hall(self):\n        return persistence.get(1)\n\nasync def show(ctx{annotation}):\n    return ctx.guild.get_hall()\n\ndef keep(holder, guild):\n    holder.guild = guild\n"
        ))
    };
    check_round(&project(": Context")).says(&["1 uncertain"]);
    // Where nothing says that it comes from outside, all that there is agrees.
    let diff = check_round(&project(""));
    assert!(diff.text().contains("return await ctx.guild.get_hall()"), "{}", diff.text());
}

/// What HTTP clients answer with has no type in most programs, and methods that look like those of the project.
#[test]
fn nothing_agrees_on_what_looks_like_a_response() {
    let files = "#- remote.py
class RemoteFile:
    def json(self):
        return persistence.get(1)

async def main():
    RemoteFile().json()

#- user.py
async def user(client):
    response = await client.get('user')
    return response.json()
";
    let diff = check_round(&Project::new(files)).says(&["1 uncertain", "`response.json` (user.py:3)"]);
    assert!(diff.text().contains("await asyncio.to_thread(RemoteFile().json)"), "{}", diff.text());
    assert!(!diff.text().contains("await response.json()"), "{}", diff.text());
}

/// What a script defines that nothing imports gets to what it imports, and no further.
#[test]
fn a_script_is_a_program_of_its_own() {
    let script = format!(
        "#- tool.py\nimport asyncio\nimport helper\n\n{CLIENT}\nif __name__ == '__main__':\n    asyncio.run(main())\n"
    );
    let others =
        "#- helper.py\ndef help(thing):\n    thing.get('b')\n#- app.py\ndef show(thing):\n    thing.get('a')\n";
    let project = Project::new(&format!("{script}{others}"));
    check_round(&project).says(&["`thing.get` (helper.py:2)", "1 uncertain"]);
    // Named elsewhere, it may be a part of something else.
    let named = Project::new(&format!("{script}{others}#- run.py\nimport tool\n"));
    check_round(&named).says(&["2 uncertain"]);
}

/// What a constructor runs, a coroutine runs that makes such an object, under whatever name it imported the class.
#[test]
fn an_open_call_in_a_constructor_is_listed() {
    let project = Project::new(
        "#- client.py
import functools

class Store:
    @functools.lru_cache
    def load(self):
        return persistence.get(1)

class Other:
    def load(self):
        return 2
#- cache.py
class Cache:
    def __init__(self, source):
        self.first = source.load()
#- app.py
from cache import Cache as Kept
from client import Store

async def main(make):
    Store().load()
    return Kept(make())
",
    );
    check_round(&project).says(&["uncertain sites:", "annotate `source` at cache.py:2"]);
}

/// `Callable[[str], None]` says how something is called, and not what is.
#[test]
fn an_object_may_be_called_where_an_annotation_says_callable() {
    let project = Project::new(
        "#- app.py
from collections.abc import Callable
from di import factory, provide

class Audit:
    def __call__(self, name):
        persistence.save(name)

class Known:
    def __call__(self, name, number):
        persistence.save(name)

def run(listener: Callable[[str], None] | None):
    if listener:
        listener('x')

def run_known(listener: Callable[[str, int], None]):
    listener('x', 1)

audit = factory(Audit)

async def main():
    run(provide('audit'))
    run_known(Known())
",
    );
    let diff = check_round(&project).says(&["app.py:14: `listener` may be `app.Audit.__call__`"]);
    assert!(diff.text().contains("+    await run_known(Known())"), "{}", diff.text());
    assert!(
        !diff.text().contains("+    await run(") && !diff.text().contains("await listener('x')"),
        "{}",
        diff.text()
    );
}
