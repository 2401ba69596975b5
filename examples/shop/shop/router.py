"""A router that takes plain and async handlers alike."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .models import ShopError


@dataclass
class Request:
    app: Any
    params: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Response:
    status: int
    data: Any


class Router:
    def __init__(self) -> None:
        self._routes: list[tuple[str, list[str], Callable[[Request], Any]]] = []

    def get(self, path: str) -> Callable[[Callable], Callable]:
        return self._route("GET", path)

    def post(self, path: str) -> Callable[[Callable], Callable]:
        return self._route("POST", path)

    def _route(self, verb: str, path: str) -> Callable[[Callable], Callable]:
        def register(handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
            self._routes.append((verb, path.strip("/").split("/"), handler))
            return handler

        return register

    async def handle(self, app: Any, verb: str, path: str, **body: Any) -> Response:
        for known, pattern, handler in self._routes:
            params = _match(pattern, path.strip("/").split("/"))
            if known != verb or params is None:
                continue
            request = Request(app, params, body)
            try:
                if inspect.iscoroutinefunction(handler):
                    result = await handler(request)
                else:
                    result = handler(request)
            except ShopError as error:
                return Response(409, str(error))
            return result if isinstance(result, Response) else Response(200, result)
        return Response(404, f"no such door: {path}")


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    """The values of the `{name}` parts, or None when the path is another one."""
    if len(pattern) != len(parts):
        return None
    params = {}
    for expected, part in zip(pattern, parts):
        if expected.startswith("{"):
            params[expected.strip("{}")] = part
        elif expected != part:
            return None
    return params
