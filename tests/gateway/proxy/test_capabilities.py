"""gateway.proxy.capabilities."""

import pytest
from multidict import CIMultiDict

from gateway.proxy.capabilities import LIFETIME_S, Capabilities, Learnt, read
from mdm.ashttp import Version


def lists(versions: str | None, commands: str | None) -> CIMultiDict[str]:
    pairs = {"ms-asprotocolversions": versions, "ms-asprotocolcommands": commands}
    return CIMultiDict({name: value for name, value in pairs.items() if value is not None})


def test_the_lists():
    assert read(lists("2.5, 14.1,12.1", "Sync, Ping,Sync")) == Capabilities(
        (Version.V2_5, Version.V12_1, Version.V14_1), ("Sync", "Ping")
    )


def test_what_is_unknown_is_left_out():
    assert read(lists("17.0,16.1,x", "Sync,,a b,Ping\x00")) == Capabilities((Version.V16_1,), ("Sync",))


@pytest.mark.parametrize(
    ("versions", "commands"), [(None, "Sync"), ("16.1", None), ("", "Sync"), ("99", "Sync")]
)
def test_no_activesync(versions, commands):
    assert read(lists(versions, commands)) is None


def test_five_minutes():
    learnt, known = Learnt(), Capabilities((Version.V16_1,), ("Sync",))
    assert learnt.fresh(LIFETIME_S / 2) is None
    learnt.learn(known, 1000.0)
    assert learnt.fresh(1000.0 + LIFETIME_S - 1) is known
    assert learnt.fresh(1000.0 + LIFETIME_S) is None
    assert learnt.last is known
