"""The registry of formats."""

import pytest

from autodiscover import FORMATS, autoconfig, json2, match, pacc, pox, soap
from autodiscover.model import Format

SPOKEN: list[tuple[Format, str]] = [
    (pox, "/AutoDiscover/autodiscover.xml"),
    (soap, "/AutoDiscover/autodiscover.svc"),
    (json2, "/AutoDiscover/autodiscover.json"),
    (json2, "/autodiscover/autodiscover.json/v1.0/ann@example.org"),
    *((autoconfig, path) for path in sorted(autoconfig.PATHS)),
    (pacc, pacc.PATH),
]


@pytest.mark.parametrize(("spoken", "path"), SPOKEN, ids=range(len(SPOKEN)))
def test_each_path_belongs_to_one_format(spoken: Format, path: str) -> None:
    assert match(path) is spoken
    assert [each for each in FORMATS if each.matches(path)] == [spoken]


@pytest.mark.parametrize("path", ["", "/", "/autodiscover/", "/autodiscover/autodiscover", "/mail/"])
def test_nothing_is_spoken_elsewhere(path: str) -> None:
    assert match(path) is None
