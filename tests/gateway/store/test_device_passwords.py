"""Rows of sealed passwords."""

from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON, device, user


def test_kept_replaced_removed_and_gone_with_the_device(store: DatabaseStore) -> None:
    one = device()
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(user())
        transaction.devices.add(one)
        kept = transaction.device_passwords
        assert kept.get(one.key) is None
        assert kept.remove(one.key) is False
        kept.put(one.key, b"a\0", NOON)
        kept.put(one.key, b"b\xff", NOON)
        assert kept.get(one.key) == (b"b\xff", NOON)
        assert kept.remove(one.key) is True
        kept.put(one.key, b"c", NOON)
        transaction.devices.remove(one.key)
        assert kept.get(one.key) is None
