"""Records of app passwords: what proves somebody is in no repr (T28)."""

from gateway.records.app_passwords import AppPassword, SelfSession
from tests.support.stores import NOON


def test_digests_are_not_shown() -> None:
    made = AppPassword("k-1", "m-1", "u-1", "phone", "digest", NOON)
    session = SelfSession("y-1", "m-1", "u-1", "digest", NOON, NOON, NOON, NOON)
    assert "digest" not in repr(made)
    assert "digest" not in repr(session)
