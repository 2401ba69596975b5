"""The daybook: a thread writes it when the shop opens, the keeper asks for it later."""

import threading


class Daybook:
    def __init__(self, persistence, till):
        self.persistence = persistence
        self.till = till
        self.pages = []

    def write_page(self, title):
        items = self.persistence.list_keys("items")
        self.pages.append(f"{title}: {len(items)} kinds of goods, {self.till.balance} coins")
        return self.pages[-1]

    def open_in_background(self):
        """Writes the first page while the shop is still setting up."""
        writer = threading.Thread(target=self.write_page, args=("opening",), name="daybook")
        writer.start()
        writer.join()
