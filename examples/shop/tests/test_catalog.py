from unittest.mock import Mock

from shop.catalog import Catalog


def test_the_cache_is_warm():
    persistence = Mock()
    persistence.list_keys.return_value = ["lamp"]
    persistence.get_row.return_value = {"name": "crooked lamp"}
    catalog = Catalog(persistence)
    assert catalog.title_of("lamp") == "Crooked Lamp"
    persistence.list_keys.assert_called_once_with("items")


def test_refresh(persistence):
    catalog = Catalog(persistence)
    persistence.put_row("items", "bell", {"name": "tin bell"})
    assert catalog.title_of("bell") == "Bell"
    assert catalog.refresh_names() == 5
    assert catalog.title_of("bell") == "Tin Bell"
