"""Forms that pages for people send (product 7.7, 7.8): strict about their type, size and number of fields."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from gateway.errors import GatewayError, Kind

FORM_LIMIT = 256 * 1024
"""Octets of a form: a policy with two full application lists has a tenth of it."""

FIELDS_LIMIT = 2000

NUMBER = re.compile("-?[0-9]{1,18}")
"""What every number of a form is well within, and a database's column holds."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form said: texts by name, several of one name in their order."""

    pairs: tuple[tuple[str, str], ...] = ()

    def text(self, name: str) -> str:
        """The last value of a field, empty where it was not sent."""
        return next((value for key, value in reversed(self.pairs) if key == name), "")

    def number(self, name: str) -> int | str:
        """The whole number in a field; what is none as it was typed, so that whoever judges it names it."""
        text = self.text(name).strip()
        return int(text) if NUMBER.fullmatch(text) else text

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for key, value in self.pairs if key == name]

    def has(self, name: str) -> bool:
        """Whether the field was sent: a check box that is not ticked is not."""
        return any(key == name for key, _ in self.pairs)

    def given(self, *names: str) -> dict[str, str]:
        """The named fields that hold something."""
        return {name: self.text(name) for name in names if self.text(name)}


async def read_form(request: Request) -> Form:
    """The form of a POST; strict about its type, its size and the number of its fields.

    Raises:
        GatewayError: MALFORMED, TOO_LARGE.
    """
    if request.method != "POST":
        return Form()
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        raise GatewayError(Kind.MALFORMED, "A form is expected.")
    text = await request.body()
    if len(text) > FORM_LIMIT:
        raise GatewayError(Kind.TOO_LARGE, f"A form has at most {FORM_LIMIT} octets.")
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=FIELDS_LIMIT,
        )
    except ValueError as error:
        raise GatewayError(Kind.MALFORMED, "The form cannot be read.") from error
    return Form(tuple(pairs))
