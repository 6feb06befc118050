"""Pages as they leave the console (product 7.2; T22): what is shown in them ``gateway.endpoints.escaping``
decides."""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from gateway.endpoints.api.device_views import DeviceView
from gateway.endpoints.escaping import environment
from gateway.endpoints.wording import Language


def honouring(answers: Mapping[str, Enum], wanted: str) -> list[str]:
    """Client families that answer a setting in one way (product 4.5)."""
    return [family for family, answer in answers.items() if answer.value == wanted]


def called(device: DeviceView) -> str:
    """What people call a device: the name that it was given, else what it says of itself."""
    said = device.reported
    return device.alias or said.friendly_name or said.model or device.device_id


def render(template: str, language: Language, values: Mapping[str, Any]) -> str:
    """A template's text; whatever it needs and is not given is an error, never an empty place."""
    words: dict[str, Any] = {"_": language.text, "plural": language.plural, "lang": language.code}
    return ENVIRONMENT.get_template(template).render({**words, **values})


ENVIRONMENT = environment(str(Path(__file__).with_name("templates")))
ENVIRONMENT.filters |= {"called": called, "honouring": honouring}
