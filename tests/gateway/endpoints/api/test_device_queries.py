"""The query of the device list knows every field of the list and no other."""

import pytest
from pydantic import ValidationError

from gateway.endpoints.api.device_queries import DeviceQuery, DeviceQuestion
from gateway.records.inventory import FIELDS
from gateway.services.device_questions import COMPARED


def test_every_field_can_be_asked() -> None:
    assert set(DeviceQuestion.model_fields) == set(FIELDS) | {"user", "search", "sort"}
    assert set(DeviceQuery.model_fields) == set(DeviceQuestion.model_fields) | {"cursor", "limit"}


def test_only_what_is_asked_is_a_field_of_the_question() -> None:
    query = DeviceQuery(model="i", os="", user="ann", search="x", sort="os")
    assert query.fields() == {"model": "i", "os": ""}


def test_a_long_question_is_refused() -> None:
    assert DeviceQuestion(model="x" * COMPARED).fields()
    with pytest.raises(ValidationError):
        DeviceQuestion(model="x" * (COMPARED + 1))
