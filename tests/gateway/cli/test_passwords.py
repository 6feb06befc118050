"""A command's own password comes from a file's first line."""

from io import StringIO

import click
import pytest

from gateway.cli.passwords import own_password


def test_it_is_the_first_line_without_its_end() -> None:
    assert own_password(StringIO("Correct Horse 22 \r\nmore")) == "Correct Horse 22 "


def test_an_empty_file_holds_none() -> None:
    with pytest.raises(click.BadParameter, match="holds no password"):
        own_password(StringIO("\nsecond line"))
