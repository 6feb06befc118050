import pytest

from mdm.errors import PolicyError, ProtocolError, QueryError, SchemaError, WBXMLError


@pytest.mark.parametrize(
    ("error", "http", "status"),
    [
        (ProtocolError("x"), 400, 101),
        (QueryError("x"), 400, None),
        (WBXMLError("x", 3), 400, 102),
        (SchemaError("x"), 400, 103),
    ],
)
def test_every_error_knows_both_its_wire_forms(error: ProtocolError, http: int, status: int | None) -> None:
    assert (error.http, error.status) == (http, status)


def test_a_wire_form_may_be_named() -> None:
    error = QueryError("unknown command", http=501, status=137)
    assert (str(error), error.http, error.status) == ("unknown command", 501, 137)
    assert (QueryError.http, QueryError.status) == (400, None)


def test_a_wbxml_error_says_where() -> None:
    assert str(WBXMLError("attributes", 7)) == "attributes at byte 7"
    assert WBXMLError("attributes", 7).offset == 7


def test_a_policy_error_names_every_fault_and_cannot_be_changed() -> None:
    faults = {"AllowCamera": "not 0 or 1", "MaxEmailAgeFilter": "above 5"}
    error = PolicyError(faults)
    assert str(error) == "AllowCamera: not 0 or 1; MaxEmailAgeFilter: above 5"
    faults.clear()
    assert set(error.faults) == {"AllowCamera", "MaxEmailAgeFilter"}
    assert not isinstance(error, ProtocolError)
