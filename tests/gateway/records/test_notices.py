"""Reasons to look at a device are named for people."""

from gateway.records.notices import Notice


def test_each_has_a_name_of_its_own() -> None:
    assert len({notice.value for notice in Notice}) == len(Notice) == 4
