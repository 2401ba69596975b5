//! AW602: a pool that is created without error handling. AW604: one whose size is written into the code.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::code::Code;
use super::parsed::{Node, Parsed, Scan, own_nodes};
use super::{Detail, Finding};

/// Functions that connect when they are awaited.
const CONNECTING: [&str; 4] =
    ["asyncpg.create_pool", "asyncpg.pool.create_pool", "aiomysql.create_pool", "aiopg.create_pool"];
/// Other functions and classes that take a size.
const SIZED: [&str; 18] = [
    "psycopg_pool.AsyncConnectionPool",
    "psycopg_pool.ConnectionPool",
    "psycopg2.pool.SimpleConnectionPool",
    "psycopg2.pool.ThreadedConnectionPool",
    "redis.ConnectionPool",
    "redis.BlockingConnectionPool",
    "redis.asyncio.ConnectionPool",
    "redis.asyncio.BlockingConnectionPool",
    "redis.asyncio.connection.ConnectionPool",
    "sqlalchemy.create_engine",
    "sqlalchemy.engine.create_engine",
    "sqlalchemy.ext.asyncio.create_async_engine",
    "sqlalchemy.ext.asyncio.engine.create_async_engine",
    "motor.motor_asyncio.AsyncIOMotorClient",
    "pymongo.AsyncMongoClient",
    "pymongo.MongoClient",
    "aiohttp.TCPConnector",
    "oracledb.create_pool_async",
];
const SIZES: [&str; 13] = [
    "min_size",
    "max_size",
    "minsize",
    "maxsize",
    "pool_size",
    "max_overflow",
    "max_connections",
    "minconn",
    "maxconn",
    "maxPoolSize",
    "minPoolSize",
    "min",
    "max",
];

/// Looks at the pools of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    for body in parsed.bodies() {
        let guarded = guarded(body.statements);
        own_nodes(body.statements, &mut |node| {
            let Node::Expr(Expr::Call(call)) = node else { return };
            let Some(path) = parsed.callee(call) else { return };
            let connects = CONNECTING.contains(&path.as_str());
            if !connects && !SIZED.contains(&path.as_str()) {
                return;
            }
            scan.counts.pools += 1;
            scan.findings.extend(sizes(parsed, call));
            let is_guarded = guarded.iter().any(|range| range.contains_range(call.range()));
            if connects && body.is_async() && !is_guarded {
                scan.findings.push(Finding {
                    code: Code::PoolUnguarded,
                    file: parsed.file,
                    range: call.range(),
                    detail: Detail::Name(path),
                });
            }
        });
    }
}

/// The bodies of `try` statements with handlers.
fn guarded(statements: &[Stmt]) -> Vec<TextRange> {
    let mut found = vec![];
    own_nodes(statements, &mut |node| {
        if let Node::Stmt(Stmt::Try(node)) = node
            && !node.handlers.is_empty()
            && let [first, .., last] | [first @ last] = node.body.as_slice()
        {
            found.push(TextRange::new(first.start(), last.end()));
        }
    });
    found
}

fn sizes(parsed: &Parsed, call: &ast::ExprCall) -> Vec<Finding> {
    let is_size = |keyword: &&ast::Keyword| {
        let named = keyword.arg.as_ref().is_some_and(|name| SIZES.contains(&name.as_str()));
        named && matches!(&keyword.value, Expr::NumberLiteral(_))
    };
    call.arguments
        .keywords
        .iter()
        .filter(is_size)
        .map(|keyword| Finding {
            code: Code::PoolSize,
            file: parsed.file,
            range: keyword.range(),
            detail: Detail::Name(parsed.source(keyword).to_owned()),
        })
        .collect()
}
