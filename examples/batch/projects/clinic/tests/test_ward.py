import unittest

from clinic.persistence import Persistence
from clinic.ward import Ward, report, rounds


class WardTest(unittest.IsolatedAsyncioTestCase):
    async def test_rounds_find_the_fever(self):
        ward = Ward(Persistence())
        ward.note("ann", 36.6)
        ward.note("bob", 39.5)
        self.assertEqual(await rounds(ward, ["ann", "bob"]), {"ann": False, "bob": True})
        self.assertEqual(await report(ward), "fever: bob")
