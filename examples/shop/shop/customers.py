"""Who comes in, and what is in their purse. No annotations here: this is the oldest module of the shop."""

from .models import ShopError


class CustomerService:
    def __init__(self, persistence):
        self.persistence = persistence

    def is_keeper(self, who):
        """Keepers may open the till. Everybody else may not."""
        row = self.persistence.get_row("customers", who)
        return bool(row and row["keeper"])

    def coins_of(self, who):
        return self._row_of(who)["coins"]

    def pay_coins(self, who, amount):
        row = self._row_of(who)
        row["coins"] -= amount
        self.persistence.put_row("customers", who, row)
        return row["coins"]

    def greet(self, who):
        return f"Welcome to the Crooked Lantern, {self._row_of(who)['name']}!"

    def _row_of(self, who):
        row = self.persistence.get_row("customers", who)
        if row is None:
            raise ShopError(f"nobody here is called {who}")
        return row

    def standing_of(self, who):
        row = self.persistence.get_row("customers", who)
        return (-row["coins"], who)

    def ranking(self):
        """The best customers first."""
        return sorted(self.persistence.list_keys("customers"), key=self.standing_of)
