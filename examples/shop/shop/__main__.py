"""One day at the Crooked Lantern, printed line by line."""

import asyncio

from .app import build_app
from .commands import Counter
from .routes import router

AT_THE_COUNTER = [
    ("mira", "hello"),
    ("mira", "look"),
    ("mira", "look cloak"),
    ("mira", "buy cloak"),
    ("mira", "purse"),
    ("pell", "buy cloak"),
    ("pell", "buy wick"),
    ("pell", "buy dragon"),
    ("mira", "send cloak"),
    ("zed", "hello"),
    ("mira", "worth"),
    ("odo", "names"),
    ("odo", "worth"),
    ("odo", "page noon"),
]
AT_THE_DOOR = [
    ("GET", "/shelf/light", {}),
    ("GET", "/items/rope", {"who": "mira"}),
    ("GET", "/items/rope", {}),
    ("GET", "/items/crown", {}),
    ("POST", "/orders", {"who": "odo", "key": "rope", "rest": [2]}),
    ("POST", "/orders", {"who": "pell", "key": "cloak"}),
    ("GET", "/orders/odo", {}),
    ("GET", "/orders/pell", {}),
    ("GET", "/till", {"who": "pell"}),
    ("GET", "/till", {"who": "odo"}),
    ("GET", "/customers", {}),
    ("GET", "/cellar", {}),
]


async def main() -> None:
    app = build_app()
    counter = Counter(app)
    print(app.state.daybook.pages[0])
    for who, line in AT_THE_COUNTER:
        print(f"{who} > {line}: {await counter.say(who, line)}")
    for verb, path, body in AT_THE_DOOR:
        response = await router.handle(app, verb, path, **body)
        print(f"{verb} {path}: {response.status} {response.data}")

    quote = app.state.orders.async_quote_price
    prices = await asyncio.gather(quote("pell", "cloak"), quote("pell", "lamp"), quote("pell", "rope", pieces=2))
    print("prices for pell:", prices)
    filled = await app.state.ticker.run_ticks(2)
    await app.state.ticker.crier.silence()
    worth = await asyncio.to_thread(app.state.stock.total_worth)
    print(f"{filled} filled up, the shelves hold {worth} coins")
    for who in ("mira", "everyone"):
        print(f"notes for {who}: {app.state.mailbox.notes_of(who)}")
    print(f"{app.state.persistence.calls} calls reached the persistence layer")


if __name__ == "__main__":
    asyncio.run(main())
