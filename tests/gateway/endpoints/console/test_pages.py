"""Pages of the console: what is in them stays text (T22), and how things are called."""

import re
from dataclasses import replace
from importlib.resources import files
from types import SimpleNamespace

import pytest

from gateway.endpoints.api.device_views import view
from gateway.endpoints.console.pages import ENVIRONMENT, called
from gateway.endpoints.console.wording import languages
from mdm.device import Device
from mdm.orders import Progress
from tests.support.stores import NOON


@pytest.mark.parametrize(
    ("alias", "friendly_name", "model", "name"),
    [
        ("Ann's", "iPhone of Ann", "iPhone15C2", "Ann's"),
        ("", "iPhone of Ann", "iPhone15C2", "iPhone of Ann"),
        ("", "", "iPhone15C2", "iPhone15C2"),
        ("", "", "", "PHONE1"),
    ],
)
def test_a_device_is_called_as_people_know_it(
    phone: Device, alias: str, friendly_name: str, model: str, name: str
) -> None:
    said = replace(phone.information, friendly_name=friendly_name, model=model)
    assert called(view(replace(phone, alias=alias, information=said), "ann@acme.example")) == name


BANNED = ("|safe", "autoescape false", "<style", " style=", " onclick", " onload", "javascript:", "hx-on")


def test_a_page_that_looks_again_by_itself_says_so() -> None:
    again = []
    for entry in files("gateway.endpoints.console").joinpath("templates").iterdir():
        elements = re.findall(
            r"<[a-z]+[^<]*hx-trigger=[^<]*?every \d+s[^<]*", entry.read_text(encoding="utf-8")
        )
        again += elements
        assert all('"X-Usher-Unattended": "true"' in each for each in elements), entry.name
    assert len(again) == 2


def test_no_template_switches_escaping_off_or_runs_anything() -> None:
    for entry in files("gateway.endpoints.console").joinpath("templates").iterdir():
        text = entry.read_text(encoding="utf-8")
        assert [each for each in BANNED if each in text] == [], entry.name
        assert text.count("<script") == text.count('<script src="/console/static/'), entry.name


@pytest.mark.parametrize("progress", list(Progress))
@pytest.mark.parametrize("code", ["en", "de"])
def test_every_order_is_told_how_far_it_is(progress: Progress, code: str) -> None:
    told = SimpleNamespace(
        progress=progress, **dict.fromkeys(("requested_at", "ordered_at", "delivered_at"), NOON)
    )
    told.acknowledged_at = told.ended_at = NOON
    macro = ENVIRONMENT.from_string('{% import "pieces.html" as ui %}{{ ui.how_far(_, order) }}')
    text = macro.render(_=languages()[code].text, order=told)
    assert re.fullmatch(r"\s*\S[^<]+ <time .*</time>\s*", text), text
