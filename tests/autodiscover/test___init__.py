"""The registry of formats."""

from autodiscover import FORMATS, match, pox


def test_pox_is_spoken_at_its_path_and_nothing_elsewhere() -> None:
    assert match("/AutoDiscover/autodiscover.xml") is pox
    assert match("/autodiscover/autodiscover.json") is None


def test_no_path_is_claimed_twice() -> None:
    assert [spoken for spoken in FORMATS if spoken.matches(pox.PATH)] == [pox]
