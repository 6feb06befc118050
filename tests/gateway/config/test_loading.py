"""House 7, product 10: one message that lists every fault with its key and line."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from gateway.config import Address, Backend, Config, ConfigError, Credentials, UserMapping, load
from gateway.config.loading import SECTIONS

GOOD = """
public_host = "Mail.Example.org"
trusted_proxies = ["10.0.0.0/8", "2001:db8::/32"]

[listen]
clients = ["127.0.0.1:8443", "[::1]:8443"]
redirect = []
workers = 2

[tls]
certificate = "cert.pem"
key = "key.pem"

[backends.default]
url = "https://sogo.example/SOGo/Microsoft-Server-ActiveSync"
user_mapping = "local_part"
long_polls = 40
"""


def read(tmp_path: Path, text: str, **environ: str) -> object:
    path = tmp_path / "usher.toml"
    path.write_text(text)
    return load(path, environ, check_files=False)


def faults(tmp_path: Path, text: str, **environ: str) -> dict[str, int]:
    """Keys at fault with their lines."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, **environ)
    assert str(caught.value).count("\n") == len(caught.value.faults) - 1
    return {fault.key: fault.line for fault in caught.value.faults}


def test_a_good_file(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert config.public_host == "mail.example.org"
    assert config.listen.clients == (Address("127.0.0.1", 8443), Address("::1", 8443))
    assert config.listen.admin == (Address("127.0.0.1", 8444),)
    assert config.listen.processes == 2
    assert config.backends["default"].user_mapping is UserMapping.LOCAL_PART
    assert config.backends["default"].name == "default"
    assert [str(network) for network in config.trusted_proxies] == ["10.0.0.0/8", "2001:db8::/32"]
    assert [str(network) for network in config.shared_networks] == ["52.125.128.0/20", "52.127.96.0/23"]


def test_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, 'public_host = "a.example"\n[tls]\ncertificate = "c"\nkey = "k"')
    assert [str(address) for address in config.listen.clients] == ["0.0.0.0:443", "[::]:443"]
    assert [str(address) for address in config.listen.redirect] == ["0.0.0.0:80", "[::]:80"]
    assert config.listen.processes >= 1
    assert config.store_url == "sqlite:////var/lib/usher/usher.db"
    assert config.limits.header_bytes == 16384


def test_every_fault_is_named_at_once_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("workers = 2", "workers = 2000\nsurprise = 1").replace(
        '"127.0.0.1:8443"', '"nowhere"'
    )
    text += '\n[backends.second]\nurl = "ftp://x"\ncredentials = "trusted"\n[limits]\nheader_count = true\n'
    found = faults(tmp_path, text, USHER_LOG_LEVEL="loud", USHER_NONSENSE="1")
    lines = text.splitlines()
    assert set(found) == {
        "listen.clients",
        "listen.workers",
        "listen.surprise",
        "backends.second.url",
        "backends.second.secret_file",
        "backends.second.user_mapping",
        "limits.header_count",
        "log.level",
        "USHER_NONSENSE",
    }
    assert lines[found["listen.workers"] - 1].startswith("workers")
    assert lines[found["backends.second.url"] - 1].startswith("url")
    assert lines[found["backends.second.secret_file"] - 1] == "[backends.second]"
    assert found["USHER_NONSENSE"] == 0


def test_a_variable_beats_the_file(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        GOOD,
        USHER_PUBLIC_HOST="other.example",
        USHER_LISTEN_WORKERS="3",
        USHER_LISTEN_CLIENTS="127.0.0.1:1,[::1]:2",
        USHER_LOG_JSON="no",
        USHER_LIMITS_STOP_GRACE_S="2.5",
        USHER_BACKENDS_DEFAULT_CREDENTIALS="pass",
        USHER_TRUSTED_PROXIES="192.0.2.0/24",
        HOME="/nowhere",
    )
    assert config.public_host == "other.example"
    assert config.listen.workers == 3
    assert [address.port for address in config.listen.clients] == [1, 2]
    assert config.log.json is False
    assert config.limits.stop_grace_s == 2.5
    assert config.backends["default"].credentials is Credentials.CLIENT
    assert len(config.trusted_proxies) == 1


def test_the_environment_alone_can_say_everything() -> None:
    config = load(
        None,
        {
            "USHER_PUBLIC_HOST": "a.example",
            "USHER_TLS_CERTIFICATE": "c.pem",
            "USHER_TLS_KEY": "k.pem",
            "USHER_BACKENDS_SOGO_URL": "http://127.0.0.1:20000",
            "USHER_BACKENDS_SOGO_CA_FILE": "ca.pem",
            "USHER_BACKENDS_SOGO_EWS_URL": "https://ews.example/EWS/Exchange.asmx",
        },
        check_files=False,
    )
    assert set(config.backends) == {"sogo"}
    assert config.backends["sogo"].ca_file == Path("ca.pem")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("public_host", "# ", "public_host"),
        ('"Mail.Example.org"', '"no host"', "public_host"),
        ('"Mail.Example.org"', "7", "public_host"),
        ('key = "key.pem"', "", "tls.key"),
        ('url = "https://sogo.example/SOGo/Microsoft-Server-ActiveSync"', "", "backends.default.url"),
        ("https://sogo.example", "https://u:p@sogo.example", "backends.default.url"),
        ("https://sogo.example", "https://[x", "backends.default.url"),
        ("local_part", "domain_user", "backends.default.nt_domain"),
        ('"local_part"', '"by_luck"', "backends.default.user_mapping"),
        ("long_polls = 40", "chunked = 1", "backends.default.chunked"),
        ("long_polls = 40", 'imap = "x"', "backends.default.imap"),
        ("long_polls = 40", 'header = "a b"', "backends.default.header"),
        ("long_polls = 40", "answer_timeout_s = 'x'", "backends.default.answer_timeout_s"),
        ("long_polls = 40", "answer_timeout_s = 0", "backends.default.answer_timeout_s"),
        ("[backends.default]", "[backends.'A b']", "backends.A b"),
        ('"10.0.0.0/8"', '"10.0.0.1/8"', "trusted_proxies"),
        ("[listen]", "listen = 1\n[other]", "listen"),
        ("[backends.default]", "[default]", "default"),
        ("redirect = []", 'socket_mode = "999"', "listen.socket_mode"),
    ],
)
def test_a_fault_names_its_key(old: str, new: str, key: str, tmp_path: Path) -> None:
    assert old in GOOD
    assert key in faults(tmp_path, GOOD.replace(old, new))


def test_a_clear_text_listener_needs_loopback_or_trusted_proxies(tmp_path: Path) -> None:
    text = GOOD.replace("redirect = []", 'plain = ["192.0.2.1:80"]')
    assert read(tmp_path, text)
    assert "listen.plain" in faults(tmp_path, re.sub("trusted_proxies.*", "", text))


def test_nothing_to_listen_on(tmp_path: Path) -> None:
    assert "listen.clients" in faults(tmp_path, GOOD.replace('["127.0.0.1:8443", "[::1]:8443"]', "[]"))


@pytest.mark.parametrize("text", ["a = ", "[x\n", "a = 1\na = 2"])
def test_what_is_no_toml(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not TOML"):
        read(tmp_path, text)


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "usher.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(path, {})


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "usher.toml", {})


def test_named_files_must_be_readable(tmp_path: Path) -> None:
    path = tmp_path / "usher.toml"
    path.write_text(GOOD)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert {fault.key for fault in caught.value.faults} == {"tls.certificate", "tls.key"}
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("x")
    path.write_text(
        GOOD.replace("cert.pem", f"{tmp_path}/cert.pem").replace("key.pem", f"{tmp_path}/key.pem")
    )
    assert load(path, {})


EXAMPLE = Path(__file__).parents[3] / "usher.example.toml"


def test_the_example_loads_and_its_defaults_are_ours() -> None:
    config = load(EXAMPLE, {}, check_files=False)
    plain = load(
        None,
        {"USHER_PUBLIC_HOST": "a", "USHER_TLS_CERTIFICATE": "c", "USHER_TLS_KEY": "k"},
        check_files=False,
    )
    assert (config.limits, config.listen, config.log) == (plain.limits, plain.listen, plain.log)


def test_the_example_names_every_setting() -> None:
    document = tomllib.loads(EXAMPLE.read_text())
    for name, kind in SECTIONS.items():
        assert set(document[name]) == {item.name for item in fields(kind)}
    assert set(document["backends"]["default"]) == {item.name for item in fields(Backend)} - {"name"}
    assert set(document) - set(SECTIONS) - {"backends"} == {item.name for item in fields(Config)} - set(
        SECTIONS
    ) - {"backends"}


MANY = GOOD.replace('certificate = "cert.pem"\nkey = "key.pem"', "")


def test_certificates_may_be_many_and_need_no_default(tmp_path: Path) -> None:
    text = MANY + '[[tls.certificates]]\ncertificate = "a.pem"\nkey = "a.key"\n'
    text += '[[tls.certificates]]\ncertificate = "both.pem"\n'
    config = read(tmp_path, text)
    assert [(str(each.certificate), str(each.key)) for each in config.tls.certificates] == [
        ("a.pem", "a.key"),
        ("both.pem", "both.pem"),
    ]
    assert config.tls.configured and config.tls.default is None
    folder = read(tmp_path, MANY, USHER_TLS_FOLDER="/certs", USHER_TLS_CERTIFICATES="a.pem:a.key,b.pem")
    assert str(folder.tls.folder) == "/certs"
    assert [str(each.key) for each in folder.tls.certificates] == ["a.key", "b.pem"]


@pytest.mark.parametrize(
    "line",
    ["certificates = 1", "certificates = [1]", 'certificates = [{key = "k"}]', 'certificates = [{a = "b"}]'],
)
def test_certificates_that_are_none_are_a_fault(tmp_path: Path, line: str) -> None:
    assert set(faults(tmp_path, MANY.replace("[tls]", f"[tls]\n{line}"))) >= {"tls.certificates"}


def test_half_a_default_is_a_fault_even_beside_a_folder(tmp_path: Path) -> None:
    text = MANY.replace("[tls]", '[tls]\nfolder = "certs"\ncertificate = "c"')
    assert set(faults(tmp_path, text)) == {"tls.key"}


def test_a_folder_must_be_one_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "usher.toml"
    path.write_text(MANY.replace("[tls]", f'[tls]\nfolder = "{tmp_path}/nowhere"'))
    with pytest.raises(ConfigError, match=r"tls\.folder.*No such file"):
        load(path, {})
    path.write_text(MANY.replace("[tls]", f'[tls]\nfolder = "{path}"'))
    with pytest.raises(ConfigError, match=r"tls\.folder.*Not a directory"):
        load(path, {})


def test_extra_hosts_are_names_and_addresses_without_port(tmp_path: Path) -> None:
    config = read(tmp_path, 'extra_hosts = ["Proxy.Internal", "192.0.2.7", "[2001:db8::1]"]\n' + GOOD)
    assert config.extra_hosts == ("proxy.internal", "192.0.2.7", "2001:db8::1")
    for wrong in ("a:80", "*.example.org", "a b", "a/b", "[::1]:80"):
        text = f'extra_hosts = ["x", "{wrong}"]\n' + GOOD
        assert set(faults(tmp_path, text)) == {"extra_hosts"}
