import json
from pathlib import Path

import pytest

from mdm.codepages import NAMES, PAGES, PROTOCOL_VERSIONS, VERSIONS, tag

FACTS = json.loads((Path(__file__).parent.parent / "corpus" / "wbxml_pages.json").read_text())


def test_every_specified_and_legacy_token_has_the_name_of_the_facts_and_nothing_else_does() -> None:
    wanted = {}
    for page in FACTS.values():
        for token, name in page["tokens"].items():
            wanted[page["number"], int(token, 16)] = (page["namespace"], name)
        for token, legacy in page.get("legacy_tokens", {}).items():
            wanted[page["number"], int(token, 16)] = (page["namespace"], legacy["name"])
    assert dict(NAMES) == wanted
    assert len(wanted) == 586 + 73


def test_versions_are_those_of_the_facts_and_legacy_tokens_have_none() -> None:
    for page in FACTS.values():
        for token, versions in page["versions"].items():
            assert VERSIONS[page["number"], int(token, 16)] == tuple(versions)
        for token in page.get("legacy_tokens", {}):
            assert VERSIONS[page["number"], int(token, 16)] == ()
    assert {version for versions in VERSIONS.values() for version in versions} == set(PROTOCOL_VERSIONS)


def test_pages_are_0_to_25_and_windows_live() -> None:
    assert list(PAGES) == [*range(26), 254]
    assert {page["number"]: page["namespace"] for page in FACTS.values()} == PAGES


def test_tag_is_the_inverse_of_names() -> None:
    assert {tag(*names): names for names in NAMES.values()} == NAMES
    assert tag("Provision", "AccountOnlyRemoteWipe") == (14, 0x3B)


@pytest.mark.parametrize("names", [("Provision", "Sync"), ("provision", "Provision"), ("", "")])
def test_tag_knows_no_other_names(names: tuple[str, str]) -> None:
    with pytest.raises(KeyError):
        tag(*names)


def test_every_token_fits_a_tag_octet() -> None:
    assert all(0 <= page <= 255 and 5 <= token <= 63 for page, token in NAMES)
