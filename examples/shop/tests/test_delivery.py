from unittest.mock import Mock

import pytest

from shop.delivery import Courier, CourierBusy, send_parcel


def test_the_first_courier_is_busy(persistence):
    assert send_parcel(Courier(persistence), "mira", "lamp", pause=0) == "parcel 1 left at attempt 2"


def test_three_attempts():
    courier = Mock()
    courier.pick_up.side_effect = [CourierBusy(), CourierBusy(), 7]
    assert send_parcel(courier, "mira", "lamp", pause=0) == "parcel 7 left at attempt 3"
    assert courier.pick_up.call_count == 3


def test_it_gives_up():
    courier = Mock(pick_up=Mock(side_effect=CourierBusy))
    with pytest.raises(CourierBusy, match="after 2 attempts"):
        send_parcel(courier, "mira", "lamp", attempts=2, pause=0)
