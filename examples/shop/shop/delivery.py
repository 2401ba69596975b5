"""Parcels leave with a courier, who is often busy for a moment."""

import time

from .models import ShopError


class CourierBusy(ShopError):
    pass


class Courier:
    def __init__(self, persistence, busy=1):
        self.persistence = persistence
        self.busy = busy

    def pick_up(self, who, key):
        if self.busy > 0:
            self.busy -= 1
            raise CourierBusy("the courier is out")
        number = self.persistence.add_to("counters", "parcels", "last", 1)
        self.persistence.put_row("parcels", f"{number:03}", {"who": who, "key": key})
        return number


def send_parcel(courier: Courier, who: str, key: str, *, attempts: int = 3, pause: float = 0.01) -> str:
    """Hands a parcel to the courier, and waits a little longer after each failure."""
    for attempt in range(1, attempts + 1):
        try:
            return f"parcel {courier.pick_up(who, key)} left at attempt {attempt}"
        except CourierBusy:
            time.sleep(pause * attempt)  # Couriers come back soon.
    raise CourierBusy(f"no courier after {attempts} attempts")
