//! The codemods that are compiled in.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::{Codemod, FoundByName, Names, codemod};

/// Name and text of every file in `codemods/`, sorted by name.
const BUILTIN: [(&str, &str); 30] = [
    ("aiohttp", include_str!("../../codemods/aiohttp.toml")),
    ("asyncio-locks", include_str!("../../codemods/asyncio-locks.toml")),
    ("asyncio-run", include_str!("../../codemods/asyncio-run.toml")),
    ("celery", include_str!("../../codemods/celery.toml")),
    ("click", include_str!("../../codemods/click.toml")),
    ("discord", include_str!("../../codemods/discord.toml")),
    ("django", include_str!("../../codemods/django.toml")),
    ("fastapi", include_str!("../../codemods/fastapi.toml")),
    ("flask", include_str!("../../codemods/flask.toml")),
    ("hooks", include_str!("../../codemods/hooks.toml")),
    ("httpx", include_str!("../../codemods/httpx.toml")),
    ("jupyter", include_str!("../../codemods/jupyter.toml")),
    ("open", include_str!("../../codemods/open.toml")),
    ("persistence", include_str!("../../codemods/persistence.toml")),
    ("psycopg", include_str!("../../codemods/psycopg.toml")),
    ("pymongo", include_str!("../../codemods/pymongo.toml")),
    ("pytest", include_str!("../../codemods/pytest.toml")),
    ("redis", include_str!("../../codemods/redis.toml")),
    ("requests", include_str!("../../codemods/requests.toml")),
    ("smtplib", include_str!("../../codemods/smtplib.toml")),
    ("sqlalchemy", include_str!("../../codemods/sqlalchemy.toml")),
    ("sqlite3", include_str!("../../codemods/sqlite3.toml")),
    ("starlette", include_str!("../../codemods/starlette.toml")),
    ("strawberry", include_str!("../../codemods/strawberry.toml")),
    ("subprocess", include_str!("../../codemods/subprocess.toml")),
    ("threading", include_str!("../../codemods/threading.toml")),
    ("time-sleep", include_str!("../../codemods/time-sleep.toml")),
    ("typer", include_str!("../../codemods/typer.toml")),
    ("unittest", include_str!("../../codemods/unittest.toml")),
    ("urllib", include_str!("../../codemods/urllib.toml")),
];

/// The names of the built-in codemods, sorted.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    BUILTIN.iter().map(|(name, _)| *name)
}

/// The built-in codemod of that name.
pub fn get(name: &str) -> Option<Codemod> {
    let (name, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
    let path = PathBuf::from(format!("codemods/{name}.toml"));
    let mut codemod = codemod::parse(name, &path, text).expect("a test parses every built-in codemod");
    // What they name need not be in every program.
    codemod.renames.iter_mut().for_each(|rename| rename.place = None);
    Some(codemod)
}

/// What all built-in codemods say of commands, whether they are on or not.
pub fn commands() -> impl Iterator<Item = &'static Names> {
    static COMMANDS: OnceLock<Vec<Names>> = OnceLock::new();
    COMMANDS.get_or_init(|| all().into_iter().filter_map(|codemod| codemod.commands).collect()).iter()
}

/// What all built-in codemods say of functions that are found by their names, whether they are on or not.
pub fn found_by_name() -> impl Iterator<Item = &'static FoundByName> {
    static FOUND: OnceLock<Vec<FoundByName>> = OnceLock::new();
    FOUND.get_or_init(|| all().into_iter().flat_map(|codemod| codemod.found_by_name).collect()).iter()
}

/// All built-in codemods, sorted by name.
pub fn all() -> Vec<Codemod> {
    names().filter_map(get).collect()
}

#[cfg(test)]
mod tests {
    use ruff_python_parser::parse_module;

    use super::*;

    #[test]
    fn every_codemod_parses_and_says_what_it_does() {
        for (name, text) in BUILTIN {
            let path = PathBuf::from(format!("codemods/{name}.toml"));
            let codemod = codemod::parse(name, &path, text).unwrap_or_else(|problems| panic!("{problems:?}"));
            assert!(codemod.description.ends_with('.'), "{name} needs a description, one sentence");
            assert!(!codemod.description.contains('\n'), "{name} needs a description of one line");
            assert!(!codemod.examples.is_empty(), "{name} needs an example");
        }
    }

    #[test]
    fn the_table_is_sorted_and_complete() {
        let mut files: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/codemods"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort_by_key(|file| file.trim_end_matches(".toml").to_owned());
        let table: Vec<String> = names().map(|name| format!("{name}.toml")).collect();
        assert_eq!(files, table);
    }

    #[test]
    fn every_example_is_python_before_and_after() {
        for codemod in all() {
            for example in &codemod.examples {
                for text in [&example.before, &example.after] {
                    assert!(parse_module(text).is_ok(), "{}:\n{text}", codemod.name);
                }
            }
        }
    }

    fn check_names(names: Option<&Names>, inside: &[&str], outside: &[&str]) {
        let names = names.unwrap();
        for name in inside {
            assert!(names.matches(name), "{name} is not in {:?}", names.patterns);
        }
        for name in outside {
            assert!(!names.matches(name), "{name} is in {:?}", names.patterns);
        }
    }

    #[test]
    fn the_globs_match_what_they_mean() {
        let persistence = get("persistence").unwrap();
        check_names(
            persistence.blocking[0].receiver.as_ref(),
            &["persistence", "get_persistence", "_persistence", "room_persistence"],
            &["async_persistence", "my_async_persistence", "persistence_path"],
        );
        let fastapi = get("fastapi").unwrap();
        check_names(
            fastapi.threaded.as_ref(),
            &["fastapi.APIRouter.get", "fastapi.routing.APIRouter.api_route", "fastapi.Depends:dependency"],
            &["fastapi.FastAPI.on_event", "fastapi.FastAPI.websocket", "fastapi.FastAPI.middleware"],
        );
        let requests = get("requests").unwrap();
        check_names(
            requests.blocking[0].function.as_ref(),
            &["requests.get", "requests.api.post"],
            &["requests.Session", "requests.exceptions.HTTPError"],
        );
        let redis = get("redis").unwrap();
        check_names(Some(&redis.blocking[0].method), &["get", "hset", "scan"], &["pipeline", "from_url", "scan_iter"]);
    }
}
