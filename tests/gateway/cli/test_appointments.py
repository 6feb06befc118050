"""Appointments in one word: as they are typed and as they are told."""

import click
import pytest

from gateway.cli.appointments import read_appointment, told
from gateway.endpoints.api.administrator_views import AppointmentBody, appointment_view

WORDS = (
    "owner",
    "viewer@acme",
    "help desk@acme/domain:acme.example",
    "help desk@acme/group:Sales team",
    "operator@acme+full-wipe",
    "owner+full-wipe",
)


@pytest.mark.parametrize("word", WORDS)
def test_what_is_told_can_be_typed(word: str) -> None:
    value = AppointmentBody.model_validate(read_appointment(word)).value()
    assert told(appointment_view(value)) == word


@pytest.mark.parametrize("word", ["", "king", "viewer@acme/x:y", "viewer@acme/domain:", "@acme"])
def test_anything_else_is_wrong_usage(word: str) -> None:
    with pytest.raises(click.BadParameter, match="ROLE"):
        read_appointment(word)
