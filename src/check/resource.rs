//! AW601: a client, connection or pool that is created and never closed.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::code::Code;
use super::parsed::{Body, Node, Parsed, Scan, own_nodes};
use super::{Detail, Finding};
use crate::color::World;
use crate::index::facts::*;

/// What has to be closed, by dotted path.
const CLIENTS: [&str; 24] = [
    "aiohttp.ClientSession",
    "aiohttp.client.ClientSession",
    "httpx.AsyncClient",
    "httpx._client.AsyncClient",
    "asyncpg.create_pool",
    "asyncpg.pool.create_pool",
    "asyncpg.connect",
    "asyncpg.connection.connect",
    "aiomysql.create_pool",
    "aiomysql.connect",
    "aiopg.create_pool",
    "aiopg.connect",
    "aiosqlite.connect",
    "psycopg_pool.AsyncConnectionPool",
    "psycopg_pool.ConnectionPool",
    "psycopg.AsyncConnection.connect",
    "redis.asyncio.Redis",
    "redis.asyncio.from_url",
    "redis.asyncio.Redis.from_url",
    "motor.motor_asyncio.AsyncIOMotorClient",
    "pymongo.AsyncMongoClient",
    "aio_pika.connect",
    "aio_pika.connect_robust",
    "nats.connect",
];

const CLOSERS: [&str; 11] = [
    "close",
    "aclose",
    "disconnect",
    "terminate",
    "shutdown",
    "stop",
    "wait_closed",
    "detach",
    "drain",
    "quit",
    "__aexit__",
];

/// Looks at what the functions of one file create.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies() {
        own_nodes(body.statements, &mut |node| match node {
            Node::Stmt(Stmt::With(node)) => {
                scan.counts.entered +=
                    node.items.iter().filter(|item| client(parsed, &item.context_expr).is_some()).count();
            }
            Node::Stmt(Stmt::Assign(node)) => {
                let Some(path) = client(parsed, &node.value) else { return };
                if let [Expr::Name(name)] = node.targets.as_slice()
                    && is_left_open(parsed, body, name)
                {
                    scan.findings.push(finding(parsed.file, &node.value, path));
                }
            }
            // `await httpx.AsyncClient().get(url)`: nobody has it afterwards.
            Node::Expr(Expr::Attribute(node)) if !CLOSERS.contains(&node.attr.as_str()) => {
                let is_made_here = matches!(&*node.value, Expr::Call(_));
                if let Some(path) = client(parsed, &node.value).filter(|_| is_made_here) {
                    scan.findings.push(finding(parsed.file, &node.value, path));
                }
            }
            _ => {}
        });
    }
}

fn finding(file: FileId, expr: &Expr, path: &str) -> Finding {
    Finding { code: Code::NeverClosed, file, range: expr.range(), detail: Detail::Name(path.to_owned()) }
}

/// The path of the client that an expression creates.
fn client(parsed: &Parsed, expr: &Expr) -> Option<&'static str> {
    let call = match expr {
        Expr::Await(node) => match &*node.value {
            Expr::Call(call) => call,
            _ => return None,
        },
        Expr::Call(call) => call,
        _ => return None,
    };
    let path = parsed.callee(call)?;
    CLIENTS.into_iter().find(|known| *known == path)
}

/// Is everything that the function does with the name a call of its methods, none of which closes it?
fn is_left_open(parsed: &Parsed, body: Body, name: &ast::ExprName) -> bool {
    let Some(func) = body.def.and_then(|def| parsed.func(def)) else { return false };
    let func = &parsed.facts[func];
    let bindings = parsed.facts[func.scope].bindings_of(&name.id);
    if bindings.len() != 1 || bindings[0].bound == Bound::Outer || func.traits.inspects_frames {
        return false;
    }
    parsed.world.index.refs_in(parsed.file, &name.id).all(|id| {
        let site = parsed.world.index.site(id);
        let elsewhere = site.receiver.is_some() || !func.range.contains_range(site.range);
        elsewhere || site.range == name.range || is_plain_use(parsed.world, id)
    })
}

/// `x.get(...)`: a method is called that does not close it, and the object goes nowhere.
fn is_plain_use(world: World, id: RefId) -> bool {
    let facts = world.index.file(id.file);
    let site = &facts[id];
    if site.usage == Usage::Condition {
        return true;
    }
    if site.usage != Usage::Receiver {
        return false;
    }
    let outer = facts.refs[id.index as usize..]
        .iter()
        .find(|outer| outer.range.start() == site.range.start() && outer.range.len() > site.range.len());
    outer.is_some_and(|outer| {
        !CLOSERS.contains(&outer.name.as_str())
            && (matches!(outer.usage, Usage::Called(_)) || outer.usage == Usage::Receiver)
    })
}

/// Clients that are kept in an attribute which nothing closes or hands on.
pub fn find_kept(world: World) -> Vec<Finding> {
    let mut found = vec![];
    for (file, facts) in world.index.loaded_files() {
        for write in &facts.attribute_writes {
            let made = write.value.map(|value| match &facts[value] {
                Value::Await { value } => &facts[*value],
                value => value,
            });
            let Some(Value::Call { call }) = made else { continue };
            let Some(path) = world.names().dotted(facts[*call].func) else { continue };
            let Some(known) = CLIENTS.into_iter().find(|known| *known == path) else { continue };
            let is_closed = !world.index.lookups_of(&write.name).is_empty()
                || world.index.refs_of(&write.name).iter().any(|id| {
                    let site = world.index.site(*id);
                    site.receiver.is_some() && site.usage != Usage::Store && !is_plain_use(world, *id)
                });
            if !is_closed {
                let detail = Detail::Name(known.to_owned());
                found.push(Finding { code: Code::NeverClosed, file, range: facts[*call].range, detail });
            }
        }
    }
    found
}
