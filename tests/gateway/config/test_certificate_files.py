"""Which files are meant: the three layouts that tools write, and the order of preference (product 9.1)."""

from pathlib import Path

import pytest

from gateway.config import CertificateFiles, Tls
from gateway.config.certificate_files import certificate_files


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def found(folder: Path) -> list[tuple[str, str]]:
    files = certificate_files(Tls(folder=folder))
    return [(str(each.certificate.relative_to(folder)), str(each.key.relative_to(folder))) for each in files]


def test_the_layouts_of_the_usual_tools_stand_side_by_side(tmp_path: Path) -> None:
    put(tmp_path, "b.example/fullchain.pem", "b.example/privkey.pem", "b.example/cert.pem")
    put(
        tmp_path, "autodiscover.a.example.pem", "autodiscover.a.example.key", "c.example.crt", "c.example.key"
    )
    put(
        tmp_path,
        "d.example.pem",
        "README",
        ".hidden.pem",
        "notes.txt",
        "empty.example/README",
        "e.example.key",
    )
    assert found(tmp_path) == [
        ("autodiscover.a.example.pem", "autodiscover.a.example.key"),
        ("b.example/fullchain.pem", "b.example/privkey.pem"),
        ("c.example.crt", "c.example.key"),
        ("d.example.pem", "d.example.pem"),
    ]


def test_the_live_folder_of_one_certificate_may_be_named_itself(tmp_path: Path) -> None:
    put(tmp_path, "fullchain.pem", "privkey.pem", "cert.pem", "chain.pem")
    assert found(tmp_path) == [("fullchain.pem", "privkey.pem")]


def test_a_link_that_leads_nowhere_is_named_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.example").mkdir()
    (tmp_path / "a.example" / "fullchain.pem").symlink_to("../../archive/gone.pem")
    assert found(tmp_path) == [("a.example/fullchain.pem", "a.example/privkey.pem")]


def test_the_default_comes_first_then_the_list_then_the_folder_and_none_twice(tmp_path: Path) -> None:
    put(tmp_path, "a.pem", "a.key", "b.pem", "b.key")
    b, other = (
        CertificateFiles(tmp_path / "b.pem", tmp_path / "b.key"),
        CertificateFiles(Path("o"), Path("k")),
    )
    tls = Tls(Path("cert.pem"), Path("key.pem"), (other, b), tmp_path)
    a = CertificateFiles(tmp_path / "a.pem", tmp_path / "a.key")
    assert certificate_files(tls) == (CertificateFiles(Path("cert.pem"), Path("key.pem")), other, b, a)


def test_nothing_is_configured_where_a_front_proxy_has_the_certificates() -> None:
    assert certificate_files(Tls()) == ()
    assert not Tls().configured
    assert Tls(folder=Path("x")).configured


def test_a_folder_that_is_not_there_is_the_callers_to_tell(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        certificate_files(Tls(folder=tmp_path / "nowhere"))
