"""New certificates without a restart, and the right one for each name (product 9.1; perf.md 8)."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from certs import keys
from certs.errors import CertificateError
from gateway.config import CertificateFiles, Tls
from gateway.serving.reloading import ReloadableContext
from tests.support.handshakes import NOW, Files, connect, names_served, said_back, serving


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    made.put()
    return made


LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])


@LOOPS
@pytest.mark.parametrize("kinds", [(keys.KeyKind.EC, keys.KeyKind.RSA), (keys.KeyKind.RSA, keys.KeyKind.EC)])
def test_a_reload_holds_for_new_handshakes_and_drops_no_connection(
    files: Files,
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    kinds: tuple[keys.KeyKind, keys.KeyKind],
) -> None:
    files.put(kind=kinds[0])
    tls = ReloadableContext(files.tls, now=NOW)
    with serving(tls.context, new_loop) as port, connect(port, files.client()) as parked:
        before = parked.getpeercert(binary_form=True)
        files.put(kind=kinds[1])
        assert tls.reload(NOW) is None
        with connect(port, files.client()) as fresh:
            assert fresh.getpeercert(binary_form=True) != before
            assert said_back(fresh)
        assert said_back(parked)


@LOOPS
def test_a_client_without_server_name_gets_the_new_certificate_too(
    files: Files, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    tls = ReloadableContext(files.tls, now=NOW)
    client = files.client()
    client.check_hostname = False
    with serving(tls.context, new_loop) as port:
        with connect(port, client, None) as connection:
            before = connection.getpeercert(binary_form=True)
        files.put()
        assert tls.reload(NOW) is None
        with connect(port, client, None) as connection:
            assert connection.getpeercert(binary_form=True) != before


def write_other_key(files: Files) -> None:
    files.key.write_bytes(keys.to_pem(keys.new_key()))


def write_encrypted_key(files: Files) -> None:
    key = files.put()
    form = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    files.key.write_bytes(key.private_bytes(*form))


BAD: dict[str, tuple[Callable[[Files], object], str]] = {
    "key of another": (write_other_key, "does not belong"),
    "encrypted key": (write_encrypted_key, "encrypted"),
    "no key": (lambda files: files.key.unlink(), "No such file"),
    "no certificate": (lambda files: files.certificate.unlink(), "No such file"),
    "rubbish": (lambda files: files.certificate.write_bytes(b"rubbish"), "no readable PEM"),
    "empty": (lambda files: files.certificate.write_bytes(b""), "no readable PEM"),
    "expired": (lambda files: files.put(now=NOW - timedelta(days=500)), "expired"),
    "not yet valid": (lambda files: files.put(now=NOW + timedelta(days=2)), "not valid yet"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_new_files_keep_the_old_ones_and_are_reported(files: Files, name: str) -> None:
    spoil, word = BAD[name]
    tls = ReloadableContext(files.tls, now=NOW)
    with serving(tls.context, uvloop.new_event_loop) as port:
        spoil(files)
        assert word in str(tls.reload(NOW))
        assert names_served(port, files) == {"localhost"}
        files.put()
        assert tls.reload(NOW) is None


@pytest.mark.parametrize("name", BAD)
def test_bad_files_stop_the_start(files: Files, name: str) -> None:
    spoil, word = BAD[name]
    spoil(files)
    with pytest.raises(CertificateError, match=word):
        ReloadableContext(files.tls, now=NOW)


def test_a_development_certificate_is_not_shown_to_the_world_unless_forced(files: Files) -> None:
    with pytest.raises(CertificateError, match="public name"):
        ReloadableContext(files.tls, names=["mail.acme.org"], now=NOW)
    ReloadableContext(files.tls, names=["mail.acme.org"], forced=True, now=NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "certs"
    made.mkdir()
    return made


def put(folder: Path, name: str, *names: str, days: int = 0) -> Files:
    """A certificate in certbot's layout."""
    (folder / name).mkdir(exist_ok=True)
    files = Files(folder / name)
    files.certificate, files.key = folder / name / "fullchain.pem", folder / name / "privkey.pem"
    files.put(*(names or (name,)), now=NOW + timedelta(days=days))
    return files


@LOOPS
def test_each_name_gets_its_own_certificate_and_others_the_default(
    files: Files, folder: Path, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    put(folder, "star", "*.a.test", "a.test")
    put(folder, "exact", "autodiscover.a.test")
    tls = ReloadableContext(replace(files.tls, folder=folder), now=NOW)
    assert len(tls) == 3 and tls.problems == ()
    with serving(tls.context, new_loop) as port:
        for name, expected in {
            "autodiscover.a.test": {"autodiscover.a.test"},
            "AutoDiscover.A.test": {"autodiscover.a.test"},
            "autoconfig.a.test": {"*.a.test", "a.test"},
            "a.test": {"*.a.test", "a.test"},
            "b.a.a.test": {"localhost"},
            "unknown.test": {"localhost"},
            "localhost": {"localhost"},
            None: {"localhost"},
        }.items():
            assert names_served(port, files, name) == expected, name


def test_covers_says_what_is_in_service(files: Files, folder: Path) -> None:
    put(folder, "a", "*.a.test")
    tls = ReloadableContext(replace(files.tls, folder=folder), now=NOW)
    assert tls.covers("localhost") and tls.covers("x.a.test")
    assert not tls.covers("a.test") and not tls.covers("")


def test_a_new_file_in_the_folder_is_served_after_a_reload_and_a_removed_one_no_longer(
    files: Files, folder: Path
) -> None:
    put(folder, "a.test")
    tls = ReloadableContext(replace(files.tls, folder=folder), now=NOW)
    with serving(tls.context, uvloop.new_event_loop) as port:
        client = files.client()
        with connect(port, client, "a.test") as parked:
            put(folder, "b.test")
            (folder / "a.test" / "fullchain.pem").unlink()
            (folder / "a.test").rename(folder / "gone")
            assert tls.reload(NOW) is None
            assert names_served(port, files, "b.test") == {"b.test"}
            assert names_served(port, files, "a.test") == {"localhost"}
            assert said_back(parked)
    assert not tls.covers("a.test")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_harms_no_other_at_the_start_and_none_at_a_reload(
    files: Files, folder: Path, name: str
) -> None:
    spoil, word = BAD[name]
    good, bad = put(folder, "good.test"), put(folder, "bad.test")
    spoil(bad)
    if name in ("expired", "not yet valid"):
        bad.put("bad.test", now=NOW + timedelta(days=-500 if name == "expired" else 2))
    layout = Tls(files.certificate, files.key, (CertificateFiles(bad.certificate, bad.key),), folder)
    tls = ReloadableContext(layout, now=NOW)
    (problem,) = tls.problems
    assert word in problem and "bad.test/fullchain.pem" in problem
    with serving(tls.context, uvloop.new_event_loop) as port:
        assert names_served(port, files, "good.test") == {"good.test"}
        assert names_served(port, files, "bad.test") == {"localhost"}
        bad.put("bad.test")
        assert tls.reload(NOW) is None
        spoil(bad)
        good.put("good.test", "more.test")
        assert word in str(tls.reload(NOW))
        assert names_served(port, files, "bad.test") == {"bad.test"}, "the old one stays in use"
        assert names_served(port, files, "good.test") == {"good.test", "more.test"}


def test_a_certificate_without_names_is_a_problem_and_no_default(files: Files, folder: Path) -> None:
    (folder / "authority.pem").write_bytes(files.root.read_bytes())
    tls = ReloadableContext(replace(files.tls, folder=folder), now=NOW)
    assert "authority.pem" in tls.problems[0]


def test_a_self_signed_certificate_for_a_customers_public_name_is_left_out_unless_forced(
    files: Files, folder: Path
) -> None:
    put(folder, "a", "autodiscover.acme.org")
    layout = replace(files.tls, folder=folder)
    assert "public name" in ReloadableContext(layout, now=NOW).problems[0]
    assert ReloadableContext(layout, now=NOW, forced=True).covers("autodiscover.acme.org")


def test_without_a_named_default_it_is_the_one_for_the_public_host(files: Files, folder: Path) -> None:
    put(folder, "a.test")
    put(folder, "usher.test")
    tls = ReloadableContext(Tls(folder=folder), names=["usher.test"], now=NOW)
    with serving(tls.context, uvloop.new_event_loop) as port:
        assert names_served(port, files, None) == {"usher.test"}
    with pytest.raises(CertificateError, match=r"no certificate has the name other\.test"):
        ReloadableContext(Tls(folder=folder), names=["other.test"], now=NOW)
    assert len(ReloadableContext(Tls(folder=folder), names=["other.test"], forced=True, now=NOW)) == 2


def test_a_folder_that_disappears_keeps_what_is_served(files: Files, folder: Path) -> None:
    put(folder, "a.test")
    tls = ReloadableContext(replace(files.tls, folder=folder), now=NOW)
    folder.rename(folder.with_name("gone"))
    assert "No such file" in str(tls.reload(NOW))
    assert tls.covers("a.test")


def test_a_reload_makes_nothing_anew_that_has_not_changed(files: Files, folder: Path) -> None:
    for number in range(3):
        put(folder, f"{number}.test")
    tls = ReloadableContext(replace(files.tls, folder=folder), now=NOW)
    before = {files: served.context for files, served in tls._state.held.items()}
    changed = put(folder, "1.test")
    assert tls.reload(NOW) is None
    after = {files: served.context for files, served in tls._state.held.items()}
    same = {files for files in before if after[files] is before[files]}
    assert before.keys() - same == {CertificateFiles(changed.certificate, changed.key)}


def test_a_server_name_that_is_no_name_costs_its_own_handshake_only(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python tells such a name to ``sys.unraisablehook`` and fails the handshake."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    tls = ReloadableContext(files.tls, now=NOW)
    with serving(tls.context, uvloop.new_event_loop) as port:
        for name in ("x" * 255, "..", "a_b.test", "*.test", "192.0.2.1"):
            try:
                connect(port, files.client(), name).close()
            except (OSError, ValueError):
                continue
        assert names_served(port, files) == {"localhost"}
