import unittest
from unittest.mock import Mock, call

from shop.customers import CustomerService
from shop.models import ShopError


class CustomerTest(unittest.TestCase):
    """The persistence layer is a mock here: it is called in threads or directly, never awaited."""

    def setUp(self):
        self.persistence = Mock()
        self.persistence.get_row.return_value = {"name": "Mira", "coins": 30, "friend": True, "keeper": False}
        self.customers = CustomerService(self.persistence)

    def test_keeper(self):
        for row, expected in ((None, False), ({"keeper": False}, False), ({"keeper": True}, True)):
            with self.subTest(row=row):
                self.persistence.get_row.return_value = row
                self.assertIs(self.customers.is_keeper("mira"), expected)

    def test_greet(self):
        self.assertEqual(self.customers.greet("mira"), "Welcome to the Crooked Lantern, Mira!")
        self.persistence.get_row.assert_called_once_with("customers", "mira")

    def test_pay(self):
        self.assertEqual(self.customers.pay_coins("mira", 12), 18)
        self.assertEqual(self.persistence.put_row.call_args.args[2]["coins"], 18)

    def test_stranger(self):
        self.persistence.get_row.return_value = None
        with self.assertRaises(ShopError) as caught:
            self.customers.coins_of("zed")
        self.assertIn("zed", str(caught.exception))
        self.assertEqual(self.persistence.mock_calls, [call.get_row("customers", "zed")])

    def test_ranking(self):
        purses = {"ann": 3, "bob": 9}
        self.persistence.list_keys.return_value = list(purses)
        self.persistence.get_row.side_effect = lambda table, who: {"coins": purses[who]}
        self.assertEqual(self.customers.ranking(), ["bob", "ann"])


if __name__ == "__main__":
    unittest.main()
