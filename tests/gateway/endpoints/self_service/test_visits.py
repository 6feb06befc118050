"""Whose things a request is about (product 7.8; T1)."""

import pytest

from gateway.endpoints.forms import Form
from gateway.endpoints.self_service.table import find
from gateway.endpoints.self_service.visits import Visit
from gateway.endpoints.wording import Language
from gateway.errors import GatewayError, Kind


def test_nobody_owns_nothing() -> None:
    thing, named = find("GET", "/self/devices/PHONE1")
    visit = Visit({}, thing, named, Form(), None, "", Language("en", "English", {}), "")
    for asked in ("owner", "actor", "device"):
        with pytest.raises(GatewayError) as caught:
            getattr(visit, asked)
        assert caught.value.kind is Kind.UNAUTHENTICATED
    assert visit.source == ""
