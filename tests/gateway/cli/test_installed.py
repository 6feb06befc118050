"""Many certificates looked at together: which is bad, which expires, which name has none (product 9.1)."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from certs import authority, keys
from certs.chain import parse
from gateway.cli import main
from gateway.cli.installed import warnings
from gateway.config import Config, load
from tests.support.handshakes import NOW, ROOT
from tests.support.many_domains import PUBLIC, issue, settled


def look(path: Path, *more: str) -> Result:
    root = str(path.parent / "authority.pem")
    return CliRunner().invoke(main, ["certs", "check", "--config", str(path), "--ca", root, *more])


def check(path: Path) -> Result:
    return CliRunner().invoke(main, ["check", "--config", str(path)])


def config(path: Path) -> Config:
    return load(path, {})


def test_all_are_good(tmp_path: Path) -> None:
    path = settled(tmp_path, "a.test", "b.test")
    assert check(path).output == "The configuration is good.\n"
    result = look(path)
    assert result.exit_code == 0, result.output
    assert result.output.count("--- installed") == 3


def test_a_name_that_no_certificate_has(tmp_path: Path) -> None:
    path = settled(tmp_path, "a.test", "b.test", certified=False)
    issue(tmp_path / "certs", "a", "*.a.test")
    told = look(path)
    assert told.exit_code == 1
    assert "FAULT    names  autodiscover.b.test is missing" in told.output
    assert "autoconfig.b.test is missing" in told.output and "autodiscover.a.test" not in told.output
    hinted = check(path)
    assert hinted.exit_code == 0
    assert "warning: no certificate has the name autodiscover.b.test" in hinted.stderr
    assert "a.test" not in hinted.stderr and "name b.test" not in hinted.stderr


@pytest.mark.parametrize("fault", ["rubbish", "other key", "expired", "no key"])
def test_a_bad_file_is_told_and_ends_both_checks(tmp_path: Path, fault: str) -> None:
    path = settled(tmp_path, "a.test", "b.test")
    place = tmp_path / "certs" / "b.test"
    if fault == "rubbish":
        (place / "fullchain.pem").write_text("rubbish")
    elif fault == "other key":
        (place / "privkey.pem").write_bytes(keys.to_pem(keys.new_key()))
    elif fault == "expired":
        issue(tmp_path / "certs", "b.test", "autodiscover.b.test", days=-500)
    else:
        (place / "privkey.pem").unlink()
    for result in (look(path), check(path)):
        assert result.exit_code == 1
        assert "b.test" in result.output and str(tmp_path / "certs/a.test") not in result.stderr
    document = json.loads(look(path, "--json").output)
    faulty = {name for name, each in document.items() if each["level"] == "fault"}
    assert f"installed {place}/fullchain.pem" in faulty
    assert f"installed {tmp_path}/certs/a.test/fullchain.pem" not in faulty


def test_one_that_expires_soon_is_a_warning(tmp_path: Path) -> None:
    path = settled(tmp_path, "a.test")
    (last,) = {
        parse((tmp_path / "certs/a.test/fullchain.pem").read_bytes())[0].not_valid_after_utc,
    }
    assert list(warnings(config(path), last - timedelta(days=31))) == []
    told = list(warnings(config(path), last - timedelta(days=9)))
    assert any("a.test/fullchain.pem expires in 9 days" in line for line in told)


def test_many_names_without_certificate_are_counted(tmp_path: Path) -> None:
    path = settled(tmp_path, *(f"d{number:02}.test" for number in range(30)), certified=False)
    told = list(warnings(config(path), NOW))
    assert len(told) == 21 and told[-1] == "and 40 more names; usher certs check lists them"


def test_a_thousand_are_looked_at_with_the_roots_of_a_machine(tmp_path: Path) -> None:
    """144 roots for each of 1,000 chains were 50 s."""
    path = settled(tmp_path, *(f"d{number:03}.test" for number in range(1000)))
    others = [authority.to_pem(authority.create(f"root {number}", NOW).chain) for number in range(50)]
    (tmp_path / "authority.pem").write_bytes(b"".join([*others, authority.to_pem(ROOT.chain)]))
    result = look(path)
    assert result.exit_code == 0 and result.output.count("--- installed") == 1001
    assert f"{PUBLIC} is covered" in result.output
