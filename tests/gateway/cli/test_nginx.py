"""``usher nginx render``: what it refuses. What it writes is proven by tests/nginx/test_rendered.py."""

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from tests.support.many_domains import settled


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["nginx", "render", *arguments])


@pytest.mark.parametrize(
    "name", ["acme.test; return 200", "acme.test}", "$host", "*.test", "acme.test\nlisten 81", "~."]
)
def test_a_domain_that_is_none_stops_the_rendering(tmp_path: Path, name: str) -> None:
    path = settled(tmp_path, "acme.test")
    with sqlite3.connect(tmp_path / "usher.db") as connection:
        connection.execute("UPDATE domains SET name = ?", (name,))
    connection.close()
    result = run("--config", str(path), "--output", str(tmp_path / "out"))
    assert result.exit_code == 2, result.output
    assert "nginx" in result.stderr
    assert not (tmp_path / "out").exists()


def test_before_the_first_start_there_is_the_public_host_alone(tmp_path: Path) -> None:
    path = settled(tmp_path)
    (tmp_path / "usher.db").unlink()
    result = run("--config", str(path))
    assert result.exit_code == 0
    assert "server_name mail.usher.test;" in result.stdout
    assert not (tmp_path / "usher.db").exists()


def test_a_foreign_domain_needs_a_target_and_no_configuration(tmp_path: Path) -> None:
    assert run("--reverse-proxy-only", "a.example").exit_code == 2
    result = run("--reverse-proxy-only", "A.example", "--target", "https://autodiscover.b.example")
    assert result.exit_code == 0
    assert "/etc/letsencrypt/live/autodiscover.a.example/fullchain.pem" in result.stdout
    assert run("--reverse-proxy-only", "a b", "--target", "https://b.example").exit_code == 2


def test_a_configuration_that_is_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "usher.toml").write_text("nothing = 1")
    assert run("--config", str(tmp_path / "usher.toml")).exit_code == 2
