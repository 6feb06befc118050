"""A table of people, line by line."""

from io import BytesIO, StringIO, TextIOWrapper

import pytest

from gateway.endpoints.people_tables import Line, lines
from gateway.errors import GatewayError


def read(text: str) -> list[Line]:
    return list(lines(StringIO(text, newline="")))


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_separator_is_the_one_of_the_first_line(separator: str) -> None:
    text = "\n".join(separator.join(row) for row in (("address", "First Name"), ("a@b.example", "Ann")))
    (line,) = read(text)
    assert line.item == {"address": "a@b.example", "first_name": "Ann"}
    assert (line.number, line.fault) == (2, "")


def test_a_mark_of_a_spreadsheet_is_no_part_of_the_first_column() -> None:
    (line,) = read("\ufeffaddress\na@b.example\n")
    assert line.address == "a@b.example"


def test_lists_and_details() -> None:
    text = "address,aliases,groups,city,job-title\na@b.example, x@b.example | y@b.example ,G 1|,Ulm,\n"
    (line,) = read(text)
    assert line.item["aliases"] == ["x@b.example", "y@b.example"]
    assert line.groups == ["G 1"]
    assert line.item["details"] == {"city": "Ulm"}


def test_a_line_has_the_number_where_it_begins() -> None:
    found = read('address,street\na@b.example,"x"\n\nb@b.example,"1\n2\n3"\nc@b.example,\n')
    assert [line.number for line in found] == [2, 4, 7]
    assert "street" in found[1].fault


def test_a_password_is_taken_as_it_is() -> None:
    (line,) = read("address,password\na@b.example, Spaces-around-1 \n")
    assert line.item["password"] == " Spaces-around-1 "


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column address"),
        ("address,colour\n", "not known: colour"),
        ("address,city,City\n", "twice: city"),
        ('address\n"a@b.example\n', "no CSV"),
    ],
)
def test_what_is_no_such_table(text: str, why: str) -> None:
    with pytest.raises(GatewayError) as caught:
        read(text)
    assert why in caught.value.public


def test_what_is_not_in_utf8() -> None:
    with pytest.raises(GatewayError) as caught:
        list(lines(TextIOWrapper(BytesIO(b"address\n\xe4@b.example\n"), encoding="utf-8")))
    assert "UTF-8" in caught.value.public
