"""What happens without being asked: the shelves fill up, and the crier calls it out."""

import asyncio
import logging
from typing import Any

from .persistence import Persistence

logger = logging.getLogger(__name__)


class Crier:
    """Calls things out in the background, one after the other."""

    def __init__(self, notifier: Any) -> None:
        self.notifier = notifier
        self._waiting: list[str] = []
        self._voice = asyncio.Lock()

    def announce(self, text: str) -> None:
        self._waiting.append(text)
        try:
            loop = asyncio.get_running_loop()
            loop.create_task(self._call_out(text))
        except RuntimeError:
            # No running loop: run in a new event loop
            asyncio.run(self._call_out(text))

    async def _call_out(self, text: str) -> None:
        async with self._voice:
            try:
                self.notifier.deliver_note("everyone", text)
            finally:
                self._waiting.remove(text)

    async def silence(self) -> None:
        """Waits until everything is called out."""
        while self._waiting:
            await asyncio.sleep(0.001)


class Ticker:
    def __init__(self, persistence: Persistence, stock: Any, crier: Crier) -> None:
        self.persistence = persistence
        self.stock = stock
        self.crier = crier

    async def run_ticks(self, rounds: int, pause: float = 0.0) -> int:
        filled = 0
        for number in range(rounds):
            for name in self.fill_up(at_least=1):
                self.crier.announce(f"fresh {name}, in round {number + 1}!")
                filled += 1
            await asyncio.sleep(pause)
        logger.info("%s rounds, %s filled up", rounds, filled)
        return filled

    def fill_up(self, at_least: int) -> list[str]:
        """Adds a dozen of everything that runs out, and returns the names."""
        names = []
        for key in self.persistence.list_keys("items"):
            item = self.stock.find_item(key)
            if item.left >= at_least:
                continue
            self.stock.put_back(key, pieces=12)
            names.append(item.name)
        return names
