"""The mechanism of languages, and that the second one is whole (product 7.2)."""

import re
import tomllib
from collections import Counter
from importlib import import_module
from importlib.resources import files

import pytest

from autodiscover.model import Endpoints
from autodiscover.verdicts import Status
from autodiscover.zone import MailRecords, Need, Publication, records
from certs.chain import Level
from gateway.endpoints.console.menu import OF_ALL, OF_ONE
from gateway.endpoints.console.wording import chosen, languages
from gateway.endpoints.self_service.pages import WORDS
from gateway.endpoints.wording import read_languages
from gateway.errors import Kind
from mdm.compliance import Compliance
from mdm.device import DeviceState
from mdm.families import FAMILIES

TEXT = re.compile(r"""\b_\(\s*"((?:[^"\\]|\\.)*)\"""")
PLURAL = re.compile(r"""\bplural\([^,]+,\s*"([^"]*)",\s*"([^"]*)\"""")

REFUSING = (
    "administrators",
    "app_passwords",
    "own_account",
    "passkeys",
    "persons",
    "provider_sign_in",
    "signing_in",
    "wipe_guards",
)
"""Services that say why, to people who read it on a page."""


def texts() -> set[str]:
    """Every text that a template asks for by name."""
    found: set[str] = set()
    for entry in files("gateway.endpoints.console").joinpath("templates").iterdir():
        template = entry.read_text(encoding="utf-8")
        found |= set(TEXT.findall(template))
        found |= {each for pair in PLURAL.findall(template) for each in pair}
    return found | {entry.label for entry in (*OF_ONE, *OF_ALL)} | set(languages()["en"].texts)


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        ("", "", "en"),
        ("de", "en", "de"),
        ("xx", "de-AT,en;q=0.5", "de"),
        ("", "fr,en;q=0.2,de;q=0.8", "de"),
        ("", "de;q=0,en", "en"),
        ("../de", "de;q=nonsense", "en"),
    ],
)
def test_the_readers_language(cookie: str, accepted: str, code: str) -> None:
    assert chosen(cookie, accepted).code == code


def test_values_and_plurals_stand_in_their_places() -> None:
    english = languages()["en"]
    assert english.text("Wipe {name}", name="{x}") == "Wipe {x}"
    assert english.plural(1, "{n} device", "{n} devices") == "1 device"
    assert english.plural(2, "{n} device", "{n} devices") == "2 devices"


def test_the_second_language_knows_every_text() -> None:
    german = languages()["de"]
    assert sorted(texts() - set(german.texts)) == []


def test_the_second_language_knows_what_records_are_called() -> None:
    mail = MailRecords(dkim=("s",))
    plans = [
        Publication("a.example", host, Endpoints(f"https://{host}/"), mail=mail)
        for host in ("b.example", "autodiscover.a.example")
    ]
    told = {record.note for plan in plans for record in records(plan) if record.note}
    assert {*told, *(each.value for each in (*Need, *Status))} <= languages()["de"].texts.keys()


@pytest.mark.parametrize("service", REFUSING)
def test_the_second_language_knows_why_something_is_refused(service: str) -> None:
    """Sentences that stand in a service by name; one with a value in it is told as it is."""
    known = read_languages(WORDS)["de"].texts
    module = import_module(f"gateway.services.{service}")
    sentences = {each for name, each in vars(module).items() if name.isupper() and isinstance(each, str)}
    assert [each for each in sentences if each.endswith(".") and each not in known] == []
    assert [each.value for each in (*Kind, *Level) if each.value not in known] == []


def test_the_second_language_knows_how_a_device_and_its_wipe_stand() -> None:
    known = languages()["de"].texts
    told = {*(family.erases for family in FAMILIES)}
    told |= {each.value for each in (*Compliance, *DeviceState)}
    assert sorted(told - known.keys()) == []


@pytest.mark.parametrize("pages", ["console", "self_service"])
def test_no_text_is_translated_twice(pages: str) -> None:
    for language in files(f"gateway.endpoints.{pages}").joinpath("words").iterdir():
        tables = [tomllib.loads(each.read_text(encoding="utf-8"))["texts"] for each in language.iterdir()]
        times = Counter(text for table in tables for text in table)
        assert [text for text, number in times.items() if number > 1] == []


def test_no_translation_loses_a_value() -> None:
    for english, other in languages()["de"].texts.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", other)), english
