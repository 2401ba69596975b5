import unittest
from unittest.mock import MagicMock, Mock, patch

from shop.models import Item, NoSuchItem, SoldOut, TooPoor
from shop.notices import Mailbox
from shop.orders import OrderService
from shop.pricing import GiftPricer
from shop.seed import stocked
from shop.stock import StockService

LAMP = Item("lamp", "crooked lamp", "light", 7, 3)


class OrderTest(unittest.TestCase):
    def setUp(self):
        self.persistence = Mock()
        self.persistence.add_to.return_value = 41
        self.stock = Mock()
        self.stock.find_item.return_value = LAMP
        self.pricer = Mock()
        self.pricer.price_for = Mock(return_value=7)
        self.customers = MagicMock()
        self.customers.coins_of.side_effect = self.purse
        self.till = Mock()
        self.notifier = MagicMock(spec=Mailbox)
        self.orders = OrderService(
            self.persistence, self.stock, self.pricer, self.customers, self.till, notifier=self.notifier
        )

    def purse(self, who):
        return {"mira": 30, "pell": 6}[who]

    def test_place(self):
        receipt = self.orders.place_order("mira", "lamp", 2)
        self.assertEqual(receipt.line(), "#041 2 x crooked lamp for 14 coins")
        self.stock.take_item.assert_called_once_with("lamp", 2)
        self.customers.pay_coins.assert_called_once_with("mira", 14)
        self.till.take_in.assert_called_once_with(14)
        self.notifier.deliver_note.assert_called_once_with("mira", "Thank you for 2 x crooked lamp.")
        self.persistence.put_row.assert_called_once()

    def test_too_poor(self):
        with self.assertRaises(TooPoor):
            self.orders.place_order("pell", "lamp")
        self.stock.take_item.assert_not_called()

    def test_nothing_is_paid_when_it_is_sold_out(self):
        self.stock.take_item.side_effect = SoldOut("crooked lamp")
        with self.assertRaises(SoldOut):
            self.orders.place_order("mira", "lamp")
        self.customers.pay_coins.assert_not_called()

    def test_no_such_item(self):
        self.stock.find_item.return_value = None
        with self.assertRaisesRegex(NoSuchItem, "no crown"):
            self.orders.place_order("mira", "crown")

    def test_quote_is_used(self):
        with patch.object(OrderService, "quote_price", return_value=1) as quote:
            receipt = self.orders.place_order("pell", "lamp")
        self.assertEqual(receipt.cost, 1)
        quote.assert_called_once_with("pell", "lamp", 1)


class GiftTest(unittest.TestCase):
    def test_everything_is_free(self):
        persistence = stocked()
        customers = Mock(coins_of=Mock(return_value=0))
        orders = OrderService(persistence, StockService(persistence), GiftPricer(), customers, Mock(), Mock())
        self.assertEqual(orders.place_order("pell", "cloak").cost, 0)
        self.assertEqual(orders.history_of("pell"), ["#001 1 x moth-grey cloak for 0 coins"])


class AsyncOrderTest(unittest.IsolatedAsyncioTestCase):
    async def test_async_quote(self):
        orders = OrderService(Mock(), Mock(), GiftPricer(), Mock(), Mock(), Mock())
        self.assertEqual(await orders.async_quote_price("pell", "cloak", 3), 0)
