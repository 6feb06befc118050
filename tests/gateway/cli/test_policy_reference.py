"""``usher policy templates`` and ``honours``: no store is needed."""

import json

from click.testing import CliRunner, Result

from gateway.cli import main
from mdm.policy import SETTINGS
from mdm.templates import BY_NAME


def usher(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["policy", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_templates() -> None:
    assert "nist-minded" in usher("templates").stdout
    assert json.loads(usher("templates", "nist-minded").stdout) == BY_NAME["nist-minded"].document
    assert len(json.loads(usher("templates", "--json").stdout)["items"]) == len(BY_NAME)
    usher("templates", "other", code=2)


def test_who_honours_what() -> None:
    lines = usher("honours").stdout.splitlines()
    assert len(lines) == len(SETTINGS) + 1
    heading = lines[0].split()
    camera = next(line.split() for line in lines if line.startswith("AllowCamera"))
    assert camera[heading.index("ios")] == "yes" and camera[heading.index("outlook-mobile")] == "no"
    assert camera[heading.index("nine")] == "?"
    one = usher("honours", "--family", "gmail").stdout
    assert "Google help 7065453" in one and "outlook-mobile" not in one
    assert json.loads(usher("honours", "--json").stdout)["families"]
