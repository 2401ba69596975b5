"""The audit finds every planted mistake, and nothing in a correct migration. Run: python3 -m unittest benches/test_audit.py"""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import audit

BEFORE = '''\
import json
import time
from contextlib import contextmanager
from typing import Iterator


class Store:
    def load(self, key):  # comment
        return json.loads(self.persistence.get(key))

    def walk(self) -> Iterator[str]:
        for key in self.persistence.keys():
            yield key

    @contextmanager
    def held(self, key):
        yield self.load(key)

    def is_admin(self, key):
        return f"{self.load(key)['admin']!r}" == "True"

    def plain(self, key):
        return key

    def stays(self):
        time.sleep(1)


async def main(store: Store):
    if not store.is_admin("x"):
        return
    for k in store.walk():
        print(store.plain(k), store.load(
            k,  # why
        ))
    with store.held("z") as z:
        print(z)
    a, b = [store.load(k) for k in "ab"]
'''
GOOD = '''\
import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import AsyncIterator


class Store:
    async def load(self, key):  # comment
        return json.loads(await asyncio.to_thread(self.persistence.get, key))

    async def walk(self) -> AsyncIterator[str]:
        for key in await asyncio.to_thread(self.persistence.keys):
            yield key

    @asynccontextmanager
    async def held(self, key):
        yield await self.load(key)

    async def is_admin(self, key):
        return f"{(await self.load(key))['admin']!r}" == "True"

    def plain(self, key):
        return key

    async def stays(self):
        await asyncio.sleep(1)


async def main(store: Store):
    if not await store.is_admin("x"):
        return
    async for k in store.walk():
        print(store.plain(k), await store.load(
            k,  # why
        ))
    async with store.held("z") as z:
        print(z)
    a, b = [await store.load(k) for k in "ab"]
'''
# What each mistake replaces in the correct migration, and what the audit says about it.
MISTAKES = [
    ("not await store.is_admin", "not store.is_admin", "errors", "not awaited"),
    ("async for k", "for k", "errors", "not awaited"),
    ("async with store", "with store", "errors", "not awaited"),
    ("[await store.load(k)", "[store.load(k)", "errors", "not awaited"),
    ("print(store.plain(k)", "print(await store.plain(k)", "errors", "await of a sync function"),
    ("await self.load(key)\n", "await asyncio.to_thread(self.load, key)\n", "errors", "async function in a thread"),
    ("async def main", "def main", "errors", "does not compile"),
    ("  # comment", "", "token_changes", "# comment"),
    ("return key\n", "return key or None\n", "token_changes", "or None"),
    ("return key\n", "return (key)\n", "plain_changes", "return (key)"),
]
# Ways to keep a coroutine for a moment that are fine, and one that is not.
KEPT = """
async def kept(store: Store):
    one = store.load("a")
    two = asyncio.create_task(store.load("b"))
    three = [store.load(key) for key in "cd"]
    lost = store.load("e")
    lost = lost
    return await one, await two, await asyncio.gather(*three, return_exceptions=True)
"""


def run(after):
    with tempfile.TemporaryDirectory() as folder:
        roots = [pathlib.Path(folder) / name for name in ("before", "after")]
        for root, text in zip(roots, (BEFORE, after)):
            root.mkdir()
            (root / "app.py").write_text(text)
        return audit.audit(*roots, exclude=[])


class AuditTest(unittest.TestCase):
    def test_a_correct_migration_is_clean(self):
        report = run(GOOD)
        for key in ("errors", "warnings", "mixed", "plain_changes", "token_changes"):
            self.assertEqual(report[key], [], key)
        self.assertEqual([name.split(".")[-1] for name in report["converted"]], ["held", "is_admin", "load", "stays", "walk"])
        self.assertEqual(report["consumed"], 7)

    def test_a_coroutine_may_be_kept_until_it_is_awaited(self):
        errors = run(GOOD + KEPT)["errors"]
        self.assertEqual([error["call"] for error in errors], ["store.load('e')"])

    def test_every_mistake_is_found(self):
        for right, wrong, key, text in MISTAKES:
            with self.subTest(wrong=wrong):
                self.assertIn(right, GOOD)
                found = run(GOOD.replace(right, wrong, 1))[key]
                self.assertEqual(len(found), 1, found)
                self.assertIn(text, str(found[0]))


if __name__ == "__main__":
    unittest.main()
