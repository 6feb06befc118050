"""A TOML file and ``USHER_SECTION_KEY`` variables become a Config, or one list of faults (house.md 7).

The dataclasses of ``values`` are the schema: the annotated type says how a value is read, the bounds stand
beside the default. A variable beats the file. Nothing stops at the first fault (product 10).
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from gateway.config.administration import Admin, Oidc
from gateway.config.faults import (
    ADVERTISED_URLS,
    HOST_NAME,
    Fault,
    backend_faults,
    crossed,
    unreadable_files,
)
from gateway.config.telling import Audit, LogConfig, MailConfig, Webhooks
from gateway.config.values import (
    SHARED_NETWORKS,
    Address,
    Backend,
    CertificateFiles,
    Config,
    DnsConfig,
    Limits,
    Listen,
    StoreConfig,
    Tls,
    is_address,
)

PREFIX = "USHER_"
SECTIONS: Mapping[str, type] = MappingProxyType(
    {
        "listen": Listen,
        "tls": Tls,
        "limits": Limits,
        "store": StoreConfig,
        "log": LogConfig,
        "admin": Admin,
        "oidc": Oidc,
        "dns": DnsConfig,
        "audit": Audit,
        "webhooks": Webhooks,
        "mail": MailConfig,
    }
)
NETWORKS = "trusted_proxies"
SHARED = "shared_networks"
PORT = "public_port"
HOST = "public_host"
EXTRA = "extra_hosts"
BASE = "base_domain"
ADVERTISED = tuple(f"_{key}" for key in ADVERTISED_URLS)
BACKEND_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}", re.ASCII)
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class ConfigError(Exception):
    """Every fault of a configuration at once."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def load(path: Path | None, environ: Mapping[str, str], *, check_files: bool = True) -> Config:
    """Read the configuration.

    Args:
        path: the TOML file; None where the environment says everything.
        environ: the process environment; only ``USHER_*`` is looked at.
        check_files: also require every named file to be readable; False before the certificates are made.

    Raises:
        ConfigError: with every fault found.
    """
    text, document, fault = _read(path)
    if fault:
        raise ConfigError((fault,))
    reading = _Reading(document, environ, _lines(text))
    config = reading.config()
    if config is not None:
        reading.faults += crossed(config) + (unreadable_files(config) if check_files else [])
    if reading.faults or config is None:
        raise ConfigError(tuple(fault._replace(line=reading.line(fault.key)) for fault in reading.faults))
    return config


def _read(path: Path | None) -> tuple[str, dict[str, Any], Fault | None]:
    if path is None:
        return "", {}, None
    try:
        text = path.read_text("utf-8")
        return text, tomllib.loads(text), None
    except OSError as error:
        return "", {}, Fault(str(path), error.strerror or "cannot be read")
    except UnicodeDecodeError:
        return "", {}, Fault(str(path), "is not UTF-8")
    except tomllib.TOMLDecodeError as error:
        return "", {}, Fault(str(path), f"is not TOML: {error}")


def _lines(text: str) -> dict[str, int]:
    """Where each dotted key stands: enough for tables and plain keys, which is all that the file needs."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?([^\[\]]+)\]", line):
            table = header[1].replace(" ", "").replace('"', "")
            found.setdefault(table, number)
        elif key := re.match(r"\s*([\w.\"-]+)\s*=", line):
            found.setdefault(f"{table}.{key[1]}".strip(".").replace('"', ""), number)
    return found


class _Reading:
    """One run over the document: values out, faults aside."""

    def __init__(
        self, document: dict[str, Any], environ: Mapping[str, str], lines: Mapping[str, int]
    ) -> None:
        self._document = document
        self._lines = lines
        self._environ = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
        self.faults: list[Fault] = []

    def line(self, key: str) -> int:
        """Line of ``key`` or of the nearest table around it."""
        while key and key not in self._lines:
            key = key.rpartition(".")[0]
        return self._lines.get(key, 0)

    def config(self) -> Config | None:
        """The values; None when one that has no default is missing or wrong."""
        host = self._host()
        proxies = self._value(
            NETWORKS, tuple[IPv4Network | IPv6Network, ...], self._document.pop(NETWORKS, None), ()
        )
        shared = self._value(
            SHARED, tuple[IPv4Network | IPv6Network, ...], self._document.pop(SHARED, None), SHARED_NETWORKS
        )
        extra = self._hosts(self._value(EXTRA, tuple[str, ...], self._document.pop(EXTRA, None), ()))
        port = self._value(PORT, int, self._document.pop(PORT, None), 443)
        base = self._value(BASE, str, self._document.pop(BASE, None), "").lower()
        if base and not HOST_NAME.fullmatch(base):
            self.faults.append(Fault(BASE, f"{base!r} is no domain"))
        sections = {name: self._section(name, kind) for name, kind in SECTIONS.items()}
        backends = self._backends()
        for key in self._document:
            self.faults.append(Fault(key, "no such setting"))
        for name in self._environ:
            self.faults.append(Fault(name, "no such setting (environment)"))
        if host is None or any(section is None for section in sections.values()):
            return None
        named = {"store": sections.pop("store"), **sections}
        top = {EXTRA: extra, PORT: port, BASE: base, NETWORKS: proxies, SHARED: shared}
        return Config(public_host=host, backends=backends, **top, **named)

    def _host(self) -> str | None:
        before = len(self.faults)
        host = self._value(HOST, str, self._document.pop(HOST, None), None)
        if len(self.faults) > before:
            return None
        if host is None:
            self.faults.append(Fault(HOST, "is required: the name that clients connect to"))
            return None
        folded: str = host.lower()
        if not HOST_NAME.fullmatch(folded):
            self.faults.append(Fault(HOST, f"{host!r} is no host name"))
        return folded

    def _hosts(self, hosts: tuple[str, ...]) -> tuple[str, ...]:
        """Names and addresses without port, as they are compared: lower case, no brackets."""
        folded = tuple(host.lower().strip("[]") for host in hosts)
        wrong = [host for host in folded if not HOST_NAME.fullmatch(host) and not is_address(host)]
        self.faults += [Fault(EXTRA, f"{host!r} is no host name or address") for host in wrong]
        return folded

    def _section(self, name: str, kind: type) -> Any:
        return self._build(name, kind, self._document.pop(name, {}), {})

    def _build(self, name: str, kind: type, table: Any, given: dict[str, Any]) -> Any:
        if not isinstance(table, dict):
            self.faults.append(Fault(name, "must be a table"))
            return None
        rest, values, before = dict(table), dict(given), len(self.faults)
        hints = get_type_hints(kind)
        for item in fields(kind):
            if item.name not in given:
                value = self._value(
                    f"{name}.{item.name}", hints[item.name], rest.pop(item.name, None), item.default
                )
                self._bounded(f"{name}.{item.name}", item, value)
                values[item.name] = value
        self.faults += [Fault(f"{name}.{key}", "no such setting") for key in rest]
        return None if len(self.faults) > before else kind(**values)

    def _bounded(self, key: str, item: Field[Any], value: Any) -> None:
        low, high = item.metadata.get("low"), item.metadata.get("high")
        if (
            low is not None
            and high is not None
            and isinstance(value, int | float)
            and not low <= value <= high
        ):
            self.faults.append(Fault(key, f"{value} is not within {low} to {high}"))

    def _value(self, key: str, hint: Any, value: Any, default: Any) -> Any:
        variable = PREFIX + re.sub(r"[.-]", "_", key).upper()
        if variable in self._environ:
            value = self._environ.pop(variable)
        if value is None:
            if default is MISSING:
                self.faults.append(Fault(key, "is required"))
                return None
            return default
        try:
            return _reader(hint)(value)
        except ValueError as error:
            self.faults.append(Fault(key, str(error)))
            return default

    def _backends(self) -> Mapping[str, Backend]:
        tables = self._document.pop("backends", {})
        if not isinstance(tables, dict):
            self.faults.append(Fault("backends", "must be tables: [backends.NAME]"))
            return MappingProxyType({})
        named = {
            name: self._backend(name, table)
            for name, table in {**self._named_by_environ(tables), **tables}.items()
        }
        return MappingProxyType({name: backend for name, backend in named.items() if backend})

    def _named_by_environ(self, tables: Mapping[str, Any]) -> dict[str, Any]:
        """Backends that only the environment names: ``USHER_BACKENDS_<NAME>_URL`` brings one into being."""
        known = {re.sub("-", "_", name).upper() for name in tables}
        found = (re.fullmatch(rf"{PREFIX}BACKENDS_(\w+)_URL", name) for name in self._environ)
        names = {match[1] for match in found if match and not match[0].lower().endswith(ADVERTISED)}
        return {name.lower(): {} for name in sorted(names - known)}

    def _backend(self, name: str, table: Any) -> Backend | None:
        key = f"backends.{name}"
        if not BACKEND_NAME.fullmatch(name):
            self.faults.append(Fault(key, "a backend's name is of a-z, 0-9, - and _"))
        backend: Backend | None = self._build(key, Backend, table, {"name": name})
        if backend is not None:
            self.faults += [Fault(f"{key}.{item}", problem) for item, problem in backend_faults(backend)]
        return backend


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a value of the annotated type is read from TOML or from a variable's text."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: _choice(hint, value)
    return READERS[str(hint) if not isinstance(hint, type) else hint.__name__]


def _choice(kind: type[Enum], value: Any) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"{value!r} is none of {', '.join(str(item.value) for item in kind)}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in TRUE + FALSE:
        return value.lower() in TRUE
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is no whole number")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}(\.\d{1,9})?", value, re.ASCII):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _path(value: Any) -> Path | None:
    return Path(_text(value)) if value != "" else None


def _each(value: Any) -> Iterator[str]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ValueError(f"{value!r} is no list")
    return (_text(item).strip() for item in items if item != "")


def _certificates(value: Any) -> Iterator[CertificateFiles]:
    """Tables of ``certificate`` and ``key``; in a variable's text ``certificate:key`` with commas between."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ValueError(f"{value!r} is no list of tables")
    for item in items:
        certificate, key = _pair(item)
        if not certificate:
            raise ValueError(f"{item!r} has no certificate")
        yield CertificateFiles(Path(certificate), Path(key or certificate))


def _pair(item: Any) -> tuple[str, str]:
    if isinstance(item, str):
        certificate, _, key = item.strip().partition(":")
        return certificate, key
    if not isinstance(item, dict) or not set(item) <= {"certificate", "key"}:
        raise ValueError(f"{item!r} is no table of certificate and key")
    return _text(item.get("certificate", "")), _text(item.get("key", ""))


READERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "str": _text,
        "bool": _boolean,
        "int": _whole,
        "float": _seconds,
        "Path": lambda value: Path(_text(value)),
        str(Path | None): _path,
        str(tuple[str, ...]): lambda value: tuple(_each(value)),
        str(tuple[CertificateFiles, ...]): lambda value: tuple(_certificates(value)),
        str(tuple[Address, ...]): lambda value: tuple(Address.parse(item) for item in _each(value)),
        str(tuple[IPv4Network | IPv6Network, ...]): lambda value: tuple(
            ip_network(item) for item in _each(value)
        ),
    }
)
