"""``usher certs`` on real files, a real store and a real TLS listener (product 9.1)."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from certs import authority, csr, keys
from certs.chain import parse
from gateway.cli.certs import certs
from gateway.records import Domain, Organisation
from gateway.serving.tls import server_context
from gateway.store import migrate, open_store

NOW = datetime.now(UTC)  # noqa: TID251  # the command looks at the real clock
ACME = "m-" + "a" * 32
ROOT = authority.create("demo", NOW)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(certs, [str(argument) for argument in arguments])


def configured(directory: Path, host: str = "localhost", served: tuple[str, ...] = ()) -> Path:
    """A configuration file, and a store that serves these domains."""
    url = f"sqlite:///{directory}/usher.db"
    if served:
        migrate(url)
        store = open_store(url)
        with store.write() as transaction:
            transaction.directory.add_organisation(Organisation(ACME, "acme", "Acme", NOW))
            for name in served:
                transaction.directory.add_domain(Domain(name, ACME))
        store.close()
    path = directory / "usher.toml"
    path.write_text(
        f'public_host = "{host}"\n[store]\ndirectory = "{directory}"\n'
        f'[tls]\ncertificate = "{directory}/server.pem"\nkey = "{directory}/server.key"\n'
        '[backends.default]\nurl = "https://mail.example/Microsoft-Server-ActiveSync"\n'
    )
    return path


def names_in(directory: Path) -> tuple[str, ...]:
    (leaf,) = parse((directory / "server.pem").read_bytes())
    return csr.names_of(leaf.extensions)


def test_dev_makes_an_authority_and_a_certificate_for_this_machine(tmp_path: Path) -> None:
    result = run("dev", "--directory", tmp_path / "new" / "place")
    assert result.exit_code == 0, result.output
    made = tmp_path / "new" / "place"
    assert {path.name: path.stat().st_mode & 0o777 for path in made.iterdir()} == {
        "authority.pem": 0o600,
        "authority.key": 0o600,
        "server.pem": 0o600,
        "server.key": 0o600,
    }
    assert names_in(made) == ("localhost", "127.0.0.1", "::1")
    server_context(made / "server.pem", made / "server.key")


def test_dev_takes_names_from_the_line_and_from_the_configuration(tmp_path: Path) -> None:
    path = configured(tmp_path, "usher.example", ("example.org",))
    result = run("dev", "--config", path, "--names", "a.example, b.example", "--directory", tmp_path)
    assert result.exit_code == 0, result.output
    assert names_in(tmp_path) == (
        *(
            "a.example",
            "b.example",
            "usher.example",
            "autodiscover.example.org",
            "autoconfig.example.org",
            "example.org",
        ),
    )


def test_a_second_run_keeps_the_authority_and_renews_the_certificate(tmp_path: Path) -> None:
    assert "(new)" in run("dev", "--directory", tmp_path).output
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert "(kept)" in run("dev", "--directory", tmp_path, "--key", "rsa").output
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name for name in after if after[name] == before[name]} == {"authority.pem", "authority.key"}


def test_an_authority_is_replaced_only_when_told_so(tmp_path: Path) -> None:
    run("dev", "--directory", tmp_path)
    (tmp_path / "authority.pem").unlink()
    kept = (tmp_path / "authority.key").read_bytes()
    refused = run("dev", "--directory", tmp_path)
    assert (refused.exit_code, "--new-authority" in refused.output) == (1, True)
    assert (tmp_path / "authority.key").read_bytes() == kept
    assert "(new)" in run("dev", "--directory", tmp_path, "--new-authority").output


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    result = run("dev", "--names", "a b", "--directory", tmp_path)
    assert (result.exit_code, "no host name" in result.output) == (1, True)


def test_a_request_asks_for_every_name_and_keeps_a_key_that_is_there(tmp_path: Path) -> None:
    path = configured(tmp_path, "usher.example", ("example.org",))
    assert "(new)" in run("request", "--config", path, "--directory", tmp_path).output
    first = csr.read((tmp_path / "server.csr").read_bytes())
    assert first.names == (
        *("usher.example", "autodiscover.example.org", "autoconfig.example.org", "example.org"),
    )
    assert "(kept)" in run("request", "--names", "mail.example", "--directory", tmp_path).output
    second = csr.read((tmp_path / "server.csr").read_bytes())
    assert (second.names, second.public_key) == (("mail.example",), first.public_key)
    assert (tmp_path / "server.key").stat().st_mode & 0o777 == 0o600


def test_a_request_does_not_touch_a_key_that_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "server.key").write_bytes(b"precious")
    result = run("request", "--names", "mail.example", "--directory", tmp_path)
    assert (result.exit_code, (tmp_path / "server.key").read_bytes()) == (1, b"precious")


def test_what_is_installed_is_all_well_for_whom_trusts_the_authority(tmp_path: Path) -> None:
    path = configured(tmp_path, served=("example.org",))
    run("dev", "--config", path, "--directory", tmp_path)
    result = run("check", "--config", path, "--ca", tmp_path / "authority.pem")
    assert result.exit_code == 0, result.output
    assert "autodiscover.example.org is covered" in result.output
    assert "FAULT" not in result.output


def test_a_missing_name_and_an_unknown_authority_are_faults(tmp_path: Path) -> None:
    path = configured(tmp_path, served=("example.org",))
    run("dev", "--directory", tmp_path)
    result = run("check", "--config", path, "--json")
    assert result.exit_code == 1
    report = json.loads(result.output)["installed"]
    assert report["level"] == "fault"
    texts = {finding["text"] for finding in report["findings"] if finding["level"] == "fault"}
    assert "autodiscover.example.org is missing: clients will refuse to connect" in texts
    assert any("put the intermediate certificates" in text for text in texts)


def test_a_key_that_does_not_belong_is_a_fault(tmp_path: Path) -> None:
    path = configured(tmp_path)
    run("dev", "--config", path, "--directory", tmp_path)
    (tmp_path / "server.key").write_bytes(keys.to_pem(keys.new_key()))
    result = run("check", "--config", path, "--ca", tmp_path / "authority.pem")
    assert (result.exit_code, "server.key" in result.output) == (1, True)


def test_a_check_changes_nothing(tmp_path: Path) -> None:
    path = configured(tmp_path)
    assert run("check", "--config", path).exit_code == 1
    assert [found.name for found in tmp_path.iterdir()] == ["usher.toml"]


@contextmanager
def listening(directory: Path) -> Iterator[int]:
    """A TLS listener with the certificate of the directory, for one connection."""
    context = server_context(directory / "server.pem", directory / "server.key")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def test_what_is_really_served_is_looked_at(tmp_path: Path) -> None:
    run("dev", "--names", "localhost,usher.example", "--directory", tmp_path)
    with listening(tmp_path) as port:
        host, ca = f"127.0.0.1:{port}", tmp_path / "authority.pem"
        result = run("check", "--host", host, "--name", "usher.example", "--ca", ca)
    assert result.exit_code == 0, result.output
    assert "--- served" in result.output
    assert "usher.example is covered" in result.output


def test_another_name_than_the_certificates_is_a_fault(tmp_path: Path) -> None:
    run("dev", "--directory", tmp_path)
    with listening(tmp_path) as port:
        host, ca = f"127.0.0.1:{port}", tmp_path / "authority.pem"
        result = run("check", "--host", host, "--name", "other.example", "--ca", ca)
    assert (result.exit_code, "other.example is missing" in result.output) == (1, True)


def test_an_expired_certificate_is_a_fault(tmp_path: Path) -> None:
    early = NOW - timedelta(days=500)
    root, key = authority.create("old", early), keys.new_key()
    issued = authority.issue(root, csr.Request(("localhost",), key.public_key()), early)
    (tmp_path / "server.pem").write_bytes(authority.to_pem(issued))
    (tmp_path / "server.key").write_bytes(keys.to_pem(key))
    result = run("check", "--config", configured(tmp_path))
    assert (result.exit_code, "expired on" in result.output) == (1, True)


def test_a_host_that_does_not_answer_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    result = run("check", "--host", f"127.0.0.1:{port}")
    assert (result.exit_code, "refused" in result.output) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("--host", ":99999"), ("--host", "[")])
def test_a_question_that_is_none_is_refused(arguments: tuple[str, ...]) -> None:
    assert run("check", *arguments).exit_code == 2


def test_a_bad_configuration_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "usher.toml"
    path.write_text("nonsense = 1\n")
    assert run("check", "--config", path).exit_code == 2


@pytest.mark.parametrize(("file", "directory"), [("root.pem", "empty"), ("missing", ".")])
def test_without_an_authority_file_the_machines_own_trust_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, directory: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "root.pem").write_bytes(authority.to_pem(ROOT.chain))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / directory))
    key = keys.new_key()
    issued = authority.issue(ROOT, csr.Request(("localhost",), key.public_key()), NOW)
    (tmp_path / "server.pem").write_bytes(authority.to_pem(issued))
    (tmp_path / "server.key").write_bytes(keys.to_pem(key))
    result = run("check", "--config", configured(tmp_path))
    assert result.exit_code == 0, result.output
    assert "leads to the trusted root" in result.output
