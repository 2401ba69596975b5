import asyncio
import unittest

from parcels.counter import Counter, accept, hand_out
from parcels.persistence import Persistence


class CounterTest(unittest.IsolatedAsyncioTestCase):
    async def test_every_parcel_has_a_number_of_its_own(self):
        counter = Counter(Persistence())
        numbers = await asyncio.gather(*(accept(counter, f"shelf {index}") for index in range(20)))
        self.assertEqual(len(set(numbers)), 20)

    async def test_a_parcel_is_where_it_was_put(self):
        counter = Counter(Persistence())
        number = await accept(counter, "shelf 7")
        self.assertEqual(await hand_out(counter, number), "shelf 7")
        self.assertEqual(await hand_out(counter, 99), "unknown")
