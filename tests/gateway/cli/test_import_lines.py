"""A table of people, line by line."""

from pathlib import Path

import pytest

from gateway.cli.import_lines import Line, read_lines


def lines(tmp_path: Path, text: str) -> list[Line]:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with read_lines(path) as found:
        return list(found)


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_separator_is_the_one_of_the_first_line(tmp_path: Path, separator: str) -> None:
    text = "\n".join(separator.join(row) for row in (("address", "First Name"), ("a@b.example", "Ann")))
    (line,) = lines(tmp_path, text)
    assert line.item == {"address": "a@b.example", "first_name": "Ann"}
    assert (line.number, line.fault) == (2, "")


def test_a_mark_of_a_spreadsheet_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, "\ufeffaddress\na@b.example\n")
    assert line.address == "a@b.example"


def test_lists_and_details(tmp_path: Path) -> None:
    text = "address,aliases,groups,city,job-title\na@b.example, x@b.example | y@b.example ,G 1|,Ulm,\n"
    (line,) = lines(tmp_path, text)
    assert line.item["aliases"] == ["x@b.example", "y@b.example"]
    assert line.groups == ["G 1"]
    assert line.item["details"] == {"city": "Ulm"}


def test_a_line_has_the_number_where_it_begins(tmp_path: Path) -> None:
    found = lines(tmp_path, 'address,street\na@b.example,"x"\n\nb@b.example,"1\n2\n3"\nc@b.example,\n')
    assert [line.number for line in found] == [2, 4, 7]
    assert "street" in found[1].fault


def test_a_password_is_taken_as_it_is(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, "address,password\na@b.example, Spaces-around-1 \n")
    assert line.item["password"] == " Spaces-around-1 "
