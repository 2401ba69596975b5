import unittest

from library.desk import Desk
from library.persistence import Persistence
from library.shelf import Shelf


class DeskTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.shelf = Shelf(Persistence())
        self.desk = Desk(self.shelf)

    async def test_a_book_is_lent_once(self):
        self.assertEqual(await self.desk.ask_for("Moby Dick", "ann"), "Moby Dick for ann")
        self.assertEqual(await self.desk.ask_for("Moby Dick", "bob"), "Moby Dick is lent already")
        self.assertEqual(await self.desk.show_titles(), "Moby Dick")


class ShelfTest(unittest.TestCase):
    def test_nothing_is_lent_at_first(self):
        self.assertFalse(Shelf(Persistence()).is_lent("Moby Dick"))
