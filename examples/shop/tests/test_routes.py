"""Pytest runs the async functions itself (asyncio_mode = "auto")."""

from types import SimpleNamespace
from unittest import IsolatedAsyncioTestCase
from unittest.mock import Mock, patch

from shop.app import build_app
from shop.models import ShopError
from shop.router import Router
from shop.routes import read_item, router


async def test_shelf(app):
    response = await router.handle(app, "GET", "/shelf/gear")
    assert (response.status, response.data) == (200, ["elven rope (9)"])


async def test_order_and_history(app):
    first = await router.handle(app, "POST", "/orders", who="mira", key="lamp")
    second = await router.handle(app, "POST", "/orders", who="mira", key="lamp", rest=[9])
    assert (first.status, second.status) == (201, 409)
    history = await router.handle(app, "GET", "/orders/mira")
    assert history.data["sum"] == "mira: 1 order"
    assert app.state.customers.coins_of("mira") == 24


async def test_plain_and_async_handlers():
    small = Router()

    @small.get("/plain")
    def plain(request):
        return "plain"

    @small.get("/async/{name}")
    async def awaited(request):
        if request.params["name"] == "bad":
            raise ShopError("bad name")
        return request.params["name"]

    answers = [await small.handle(None, "GET", path) for path in ("/plain", "/async/ok", "/async/bad", "/async")]
    assert [answer.status for answer in answers] == [200, 200, 409, 404]


def test_a_handler_is_a_function(app):
    request = SimpleNamespace(app=app, params={"key": "rope"}, body={})
    assert read_item(request)["left"] == 9


class TillTest(IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.app = build_app()

    async def test_only_keepers_may_open_it(self):
        for who, status in (("odo", 200), ("mira", 403), ("zed", 403), (None, 403)):
            with self.subTest(who=who):
                self.assertEqual((await router.handle(self.app, "GET", "/till", who=who)).status, status)

    async def test_with_mocks(self):
        # One of the two becomes awaitable in a migration, the other one is called in a thread.
        state = SimpleNamespace(customers=Mock(), till=Mock())
        state.customers.is_keeper.return_value = True
        state.till.describe_till.return_value = "heaps"
        response = await router.handle(SimpleNamespace(state=state), "GET", "/till", who="mira")
        self.assertEqual(response.data, "heaps")
        state.customers.is_keeper.assert_called_once_with("mira")

    async def test_patched_service(self):
        with patch("shop.customers.CustomerService.is_keeper", return_value=False):
            response = await router.handle(self.app, "GET", "/till", who="odo")
        self.assertEqual(response.status, 403)
