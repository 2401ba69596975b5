use ruff_python_parser::parse_module;
use ruff_text_size::TextSize;

use super::Imports;
use crate::edit::FileEdits;

/// Requests `paths` at the `|` in `before` (else at the end), and compares the expressions and the text.
#[track_caller]
fn check(before: &str, paths: &[&str], expressions: &[&str], after: &str) {
    let at = before.find('|').unwrap_or(before.len());
    let text = before.replace('|', "");
    let parsed = parse_module(&text).unwrap();
    let mut imports = Imports::new(&parsed, &text);
    let at = TextSize::try_from(at).unwrap();
    let got: Vec<String> = paths.iter().map(|path| imports.request(path, at)).collect();
    assert_eq!(got, expressions);
    let mut edits = FileEdits::default();
    imports.finish(&mut edits);
    let applied = edits.apply(&text).unwrap().text;
    assert_eq!(applied, after);
    parse_module(&applied).unwrap();
}

/// Requests `asyncio.to_thread` and expects `expression`, and no new import.
#[track_caller]
fn check_reused(text: &str, expression: &str) {
    check(text, &["asyncio.to_thread"], &[expression], &text.replace('|', ""));
}

/// Requests `asyncio.to_thread` and expects a new `import asyncio`.
#[track_caller]
fn check_added(before: &str, after: &str) {
    check(before, &["asyncio.to_thread"], &["asyncio.to_thread"], after);
}

#[test]
fn bound_names_are_reused() {
    check_reused("import asyncio\n", "asyncio.to_thread");
    check_reused("import asyncio as aio\n", "aio.to_thread");
    check_reused("from asyncio import to_thread\n", "to_thread");
    check_reused("from asyncio import to_thread as off\n", "off");
    check_reused("import asyncio.subprocess\n", "asyncio.to_thread");
    check_reused("def f():\n    import asyncio\n    |x\n", "asyncio.to_thread");
}

#[test]
fn names_that_are_not_bound_for_sure_are_not() {
    check_added(
        "from x import TYPE_CHECKING\nif TYPE_CHECKING:\n    import asyncio\n",
        "import asyncio\n\nfrom x import TYPE_CHECKING\nif TYPE_CHECKING:\n    import asyncio\n",
    );
    check_added(
        "import os\ntry:\n    import asyncio\nexcept ImportError:\n    pass\n",
        "import asyncio\nimport os\ntry:\n    import asyncio\nexcept ImportError:\n    pass\n",
    );
    check_added(
        "import os\n\ndef f():\n    import asyncio\n\ndef g():\n    |x\n",
        "import asyncio\nimport os\n\ndef f():\n    import asyncio\n\ndef g():\n    x\n",
    );
}

#[test]
fn shadowed_names_are_stepped_around() {
    for shadow in ["def f(asyncio): pass", "asyncio = 1", "class asyncio: pass", "import uvloop as asyncio"] {
        check(
            &format!("import os\n{shadow}\n"),
            &["asyncio.to_thread", "asyncio.sleep"],
            &["_asyncio.to_thread", "_asyncio.sleep"],
            &format!("import asyncio as _asyncio\nimport os\n{shadow}\n"),
        );
    }
    check(
        "import os\n\ndef f():\n    |x()\n    import asyncio\n",
        &["asyncio.to_thread"],
        &["_asyncio.to_thread"],
        "import asyncio as _asyncio\nimport os\n\ndef f():\n    x()\n    import asyncio\n",
    );
    check(
        "from x import run_in_threadpool\n",
        &["starlette.concurrency.run_in_threadpool"],
        &["_run_in_threadpool"],
        "from starlette.concurrency import run_in_threadpool as _run_in_threadpool\nfrom x import run_in_threadpool\n",
    );
}

#[test]
fn sorted_into_the_standard_library() {
    check_added(
        "import os\nimport sys\n\nimport requests\n",
        "import asyncio\nimport os\nimport sys\n\nimport requests\n",
    );
    check_added("import abc\nfrom os import path\n", "import abc\nimport asyncio\nfrom os import path\n");
    check_added("from abc import ABC\n\nimport x\n", "import asyncio\nfrom abc import ABC\n\nimport x\n");
    check_added("import requests\n\nx = 1\n", "import asyncio\n\nimport requests\n\nx = 1\n");
    check_added("import abc  # a\n\n# third\nimport x\n", "import abc  # a\nimport asyncio\n\n# third\nimport x\n");
    check_added("# std\nimport os\n", "# std\nimport asyncio\nimport os\n");
    check_added("import abc; import os\nx = 1\n", "import abc; import os\nimport asyncio\nx = 1\n");
    check_added("from . import a\n", "import asyncio\n\nfrom . import a\n");
    check_added("import abc", "import abc\nimport asyncio");
}

#[test]
fn third_party_stands_below_the_standard_library() {
    let paths = &["anyio.to_thread.run_sync", "functools.partial"];
    let expressions = &["anyio.to_thread.run_sync", "functools.partial"];
    check("import os\n\nx = 1\n", paths, expressions, "import functools\nimport os\n\nimport anyio\n\nx = 1\n");
    check(
        "import os\n\nimport zope\n",
        paths,
        expressions,
        "import functools\nimport os\n\nimport anyio\nimport zope\n",
    );
    check("from . import a\n", paths, expressions, "import functools\n\nimport anyio\n\nfrom . import a\n");
    check("x = 1\n", paths, expressions, "import functools\n\nimport anyio\n\nx = 1\n");
}

#[test]
fn below_docstrings_futures_and_headers() {
    check_added("\"\"\"Doc.\"\"\"\n\nx = 1\n", "\"\"\"Doc.\"\"\"\n\nimport asyncio\n\nx = 1\n");
    check_added("\"\"\"Doc.\"\"\"\nx = 1\n", "\"\"\"Doc.\"\"\"\n\nimport asyncio\n\nx = 1\n");
    check_added("\"\"\"Doc.\"\"\"", "\"\"\"Doc.\"\"\"\n\nimport asyncio");
    check_added(
        "from __future__ import annotations\n\nimport os\n",
        "from __future__ import annotations\n\nimport asyncio\nimport os\n",
    );
    check_added(
        "# c\n\"\"\"Doc.\"\"\"\nfrom __future__ import annotations\n\n\ndef f(): pass\n",
        "# c\n\"\"\"Doc.\"\"\"\nfrom __future__ import annotations\n\nimport asyncio\n\n\ndef f(): pass\n",
    );
    check_added(
        "#!/usr/bin/env python\n# license\n\nx = 1\n",
        "#!/usr/bin/env python\n# license\n\nimport asyncio\n\nx = 1\n",
    );
    check_added("#!/usr/bin/env python\nx = 1\n", "#!/usr/bin/env python\n\nimport asyncio\n\nx = 1\n");
    check_added("def f(): pass\n", "import asyncio\n\n\ndef f(): pass\n");
    check_added("", "import asyncio\n");
}

#[test]
fn line_ends_and_byte_order_marks_stay() {
    check_added("\u{feff}import os\r\nimport sys\r\n", "\u{feff}import asyncio\r\nimport os\r\nimport sys\r\n");
    check_added("\u{feff}x = 1\r\n", "\u{feff}import asyncio\r\n\r\nx = 1\r\n");
    check_added("import abc\rx = 1\r", "import abc\rimport asyncio\rx = 1\r");
}

#[test]
fn names_are_added_to_from_imports() {
    let path = &["contextlib.asynccontextmanager"];
    let name = &["asynccontextmanager"];
    let add = |before: &str, after: &str| check(before, path, name, after);
    add("from contextlib import contextmanager\n", "from contextlib import asynccontextmanager, contextmanager\n");
    add("from contextlib import AsyncExitStack\n", "from contextlib import AsyncExitStack, asynccontextmanager\n");
    add("from contextlib import (a,)\n", "from contextlib import (a, asynccontextmanager,)\n");
    add(
        "from contextlib import (\n    closing,  # c\n    suppress,\n)\n",
        "from contextlib import (\n    asynccontextmanager,\n    closing,  # c\n    suppress,\n)\n",
    );
    add(
        "from contextlib import (\r\n    aclosing,\r\n    ExitStack,  # last\r\n)\r\n",
        "from contextlib import (\r\n    aclosing,\r\n    ExitStack,  # last\r\n    asynccontextmanager,\r\n)\r\n",
    );
    add(
        "from contextlib import (\n    ExitStack,\n    aclosing  # last\n)\n",
        "from contextlib import (\n    ExitStack,\n    aclosing,  # last\n    asynccontextmanager\n)\n",
    );
    add(
        "from contextlib import (ExitStack,\n    aclosing)\n",
        "from contextlib import (ExitStack,\n    aclosing,\n    asynccontextmanager)\n",
    );
    add("from contextlib import *\n", "from contextlib import asynccontextmanager\nfrom contextlib import *\n");
}

#[test]
fn the_file_says_where_abstract_classes_come_from() {
    let path = &["collections.abc.AsyncIterator"];
    let name = &["AsyncIterator"];
    check("from typing import Iterator\n", path, name, "from typing import AsyncIterator, Iterator\n");
    check(
        "from typing import Any\n",
        path,
        name,
        "from collections.abc import AsyncIterator\nfrom typing import Any\n",
    );
    check("import typing as t\n", path, name, "import typing as t\nfrom collections.abc import AsyncIterator\n");
    check("import collections.abc\n", path, &["collections.abc.AsyncIterator"], "import collections.abc\n");
}

#[test]
fn a_from_import_of_the_module_is_extended() {
    let path = &["asyncio.sleep"];
    check("from asyncio import Lock\n", path, &["sleep"], "from asyncio import Lock, sleep\n");
    check(
        "from asyncio import Lock\nfrom time import sleep\n",
        path,
        &["asyncio.sleep"],
        "import asyncio\nfrom asyncio import Lock\nfrom time import sleep\n",
    );
    check(
        "from aiofiles import os\n",
        &["aiofiles.open"],
        &["aiofiles.open"],
        "import aiofiles\nfrom aiofiles import os\n",
    );
}

#[test]
fn requests_are_written_once() {
    check(
        "import os\n",
        &["asyncio.run", "asyncio.to_thread", "app.io.off", "app.io.off"],
        &["asyncio.run", "asyncio.to_thread", "off", "off"],
        "import asyncio\nimport os\n\nfrom app.io import off\n",
    );
}
