"""How the pages of ``/self/`` look, in two languages (product 7.2, 7.8)."""

import re
import tomllib

from gateway.endpoints.self_service.pages import HERE, WORDS
from gateway.endpoints.wording import read_languages
from mdm.policy import SETTINGS
from tests.support.gateway import Gateway
from tests.support.self_service import Browser

TEXT = re.compile(r"""\b_\(\s*"((?:[^"\\]|\\.)*)\"""")


async def test_what_the_organisation_can_see_and_do_is_told_in_both_languages(
    gateway: Gateway, ann: Browser
) -> None:
    await gateway.enrolled()
    assert "PHONE1" in (await ann.get("/self/organisation")).text
    german = (await ann.get("/self/organisation", **{"Accept-Language": "de"})).text
    assert "Was meine Organisation sehen und tun kann" in german


async def test_who_chose_a_language_at_the_console_has_it_here(ann: Browser) -> None:
    ann.cookie += "; usher-language=de"
    assert '<html lang="de">' in (await ann.get("/self/", **{"Accept-Language": "en"})).text


def test_the_second_language_knows_every_text() -> None:
    german = read_languages(WORDS)["de"].texts
    wanted = {setting.title for setting in SETTINGS if setting.kind.name == "FLAG"}
    for page in (HERE / "templates").iterdir():
        wanted |= set(TEXT.findall(page.read_text("utf-8")))
    assert sorted(wanted - set(german) - {"S/MIME certificates in software"}) == []


def test_no_translation_loses_a_value() -> None:
    for table in (HERE / "words" / "de").iterdir():
        for english, other in tomllib.loads(table.read_text("utf-8"))["texts"].items():
            assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", other)), english
