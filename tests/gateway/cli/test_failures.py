"""What a command says when it fails, and its exit code (product 7.4, 10)."""

import json

import click
import pytest
from click.testing import CliRunner, Result

from gateway.cli.failures import CODES, FAILED, NOT_FOUND, REFUSED, USAGE, tell_error, tell_words
from gateway.cli.local import Work, end, on_store
from gateway.endpoints.rendering import problem
from gateway.errors import GatewayError, Kind
from tests.support.desk import Desk, Usher


def test_every_kind_has_one_of_the_documented_codes() -> None:
    assert {CODES.get(kind, FAILED) for kind in Kind} == {FAILED, USAGE, NOT_FOUND, REFUSED}


def told(capsys: pytest.CaptureFixture[str], error: GatewayError, about: str = "") -> tuple[int, str]:
    code = tell_error(error, about)
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


def test_every_fault_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    error = GatewayError(Kind.MALFORMED, "Two are wrong.", faults={"a": "too long", "b": "no\x1b[2J word"})
    said = "usher: Two are wrong.\n  a: too long\n  b: no\\x1b[2J word\n"
    assert told(capsys, error) == (USAGE, said)
    assert told(capsys, GatewayError(Kind.CONFLICT, "It is."), "PHONE1") == (
        REFUSED,
        "usher: PHONE1: It is.\n",
    )
    assert told(capsys, GatewayError(Kind.UNAVAILABLE)) == (FAILED, "usher: the database does not answer\n")
    tell_words("no such file", FAILED)
    assert capsys.readouterr().err == "usher: no such file\n"


def failing(desk: Desk, error: Exception | None) -> Result:
    @click.command()
    @on_store
    def fail(_work: Work) -> None:
        if error is None:
            end("nothing to do", USAGE)
        raise error

    return CliRunner().invoke(fail, ["--config", str(desk.path), "--json"])


@pytest.mark.parametrize("kind", list(Kind))
def test_programs_get_the_problem_document_of_the_api(desk: Desk, kind: Kind) -> None:
    error = GatewayError(kind, "because", faults={"a": "wrong"})
    result = failing(desk, error)
    assert (result.exit_code, result.stdout) == (CODES.get(kind, FAILED), "")
    assert json.loads(result.stderr) == problem(error)[1]


def test_and_of_what_the_command_itself_refuses(desk: Desk) -> None:
    assert json.loads(failing(desk, None).stderr) == {
        "type": "about:blank",
        "title": "malformed",
        "status": 400,
        "detail": "nothing to do",
    }
    gone = failing(desk, FileNotFoundError(2, "No such file or directory", "x"))
    document = {"type": "about:blank", "title": "failed", "detail": "x: No such file or directory"}
    assert (gone.exit_code, json.loads(gone.stderr)) == (FAILED, document)


def test_and_of_a_command_line_that_is_wrong(usher: Usher, acme: str) -> None:
    result = usher("device", "list", "--org", acme, "--no-such-option", "--json", code=2)
    assert result.stdout == ""
    document = json.loads(result.stderr)
    assert (document["title"], document["status"]) == ("malformed", 400)
    assert "--no-such-option" in document["detail"]
    assert usher("device", "list", "--no-such-option", code=2).stderr.startswith("Usage: ")


def test_a_refusal_by_the_api_reaches_a_program_whole(usher: Usher, acme: str) -> None:
    wrong = ("device", "list", "--org", acme, "--protocol", "x", "--last-seen", "y", "--json")
    document = json.loads(usher(*wrong, code=2).stderr)
    assert [each["field"] for each in document["errors"]] == ["protocol", "last_seen"]
