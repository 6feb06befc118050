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
from typing import Any, NamedTuple, get_type_hints
from urllib.parse import urlsplit

from gateway.config.values import (
    ACTIVESYNC_PATH,
    Address,
    Admin,
    Backend,
    Config,
    Credentials,
    Limits,
    Listen,
    LogConfig,
    StoreConfig,
    Tls,
    UserMapping,
)

PREFIX = "USHER_"
SECTIONS: Mapping[str, type] = MappingProxyType(
    {"listen": Listen, "tls": Tls, "limits": Limits, "store": StoreConfig, "log": LogConfig, "admin": Admin}
)
NETWORKS = "trusted_proxies"
PORT = "public_port"
HOST = "public_host"
HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.ASCII)
BACKEND_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}", re.ASCII)
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Fault(NamedTuple):
    """One thing wrong: dotted key, what is wrong, line of the file (0 when it has none)."""

    key: str
    problem: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.key}{f' (line {self.line})' if self.line else ''}: {self.problem}"


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
        reading.faults += _crossed(config) + (_files(config) if check_files else [])
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
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
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
        port = self._value(PORT, int, self._document.pop(PORT, None), 443)
        sections = {name: self._section(name, kind) for name, kind in SECTIONS.items()}
        backends = self._backends()
        for key in self._document:
            self.faults.append(Fault(key, "no such setting"))
        for name in self._environ:
            self.faults.append(Fault(name, "no such setting (environment)"))
        if host is None or any(section is None for section in sections.values()):
            return None
        named = {"store": sections.pop("store"), **sections}
        return Config(public_host=host, public_port=port, backends=backends, trusted_proxies=proxies, **named)

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
        names = {match[1] for match in found if match and not match[1].endswith("_EWS")}
        return {name.lower(): {} for name in sorted(names - known)}

    def _backend(self, name: str, table: Any) -> Backend | None:
        key = f"backends.{name}"
        if not BACKEND_NAME.fullmatch(name):
            self.faults.append(Fault(key, "a backend's name is of a-z, 0-9, - and _"))
        backend: Backend | None = self._build(key, Backend, table, {"name": name})
        if backend is not None:
            self.faults += [Fault(f"{key}.{item}", problem) for item, problem in _backend_faults(backend)]
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


READERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "str": _text,
        "bool": _boolean,
        "int": _whole,
        "float": _seconds,
        "Path": lambda value: Path(_text(value)),
        str(Path | None): _path,
        str(tuple[Address, ...]): lambda value: tuple(Address.parse(item) for item in _each(value)),
        str(tuple[IPv4Network | IPv6Network, ...]): lambda value: tuple(
            ip_network(item) for item in _each(value)
        ),
    }
)


def _backend_faults(backend: Backend) -> Iterator[tuple[str, str]]:
    for key in ("url", "ews_url"):
        if problem := _url_fault(getattr(backend, key), optional=key == "ews_url"):
            yield key, problem
    for key in ("imap", "smtp"):
        if not re.fullmatch(r"([a-z0-9.-]+:\d{1,5})?", getattr(backend, key), re.ASCII):
            yield key, "must be host:port"
    for key in ("header", "proof_header"):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", getattr(backend, key), re.ASCII):
            yield key, "is no header name"
    if backend.credentials is Credentials.TRUSTED and backend.secret_file is None:
        yield "secret_file", "is required with credentials = 'trusted'"
    if backend.credentials is Credentials.TRUSTED and backend.user_mapping is UserMapping.AS_TYPED:
        yield "user_mapping", "must not be 'as_typed' with credentials = 'trusted': nobody checks the name"
    if backend.user_mapping is UserMapping.DOMAIN_USER and not backend.nt_domain:
        yield "nt_domain", "is required with user_mapping = 'domain_user'"


def _url_fault(url: str, *, optional: bool) -> str:
    if optional and not url:
        return ""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"{url!r} is no http or https URL"
    if parts.username is not None or parts.query or parts.fragment:
        return "must carry no user, query or fragment"
    return (
        ""
        if parts.path in ("", "/") or parts.path.startswith("/")
        else f"lacks a path such as {ACTIVESYNC_PATH}"
    )


def _crossed(config: Config) -> list[Fault]:
    """What no single value can be blamed for."""
    faults = []
    if config.listen.clients or config.listen.admin:
        faults += [
            Fault(f"tls.{name}", "is required")
            for name in ("certificate", "key")
            if not getattr(config.tls, name)
        ]
    if not config.listen.clients and not config.listen.plain:
        faults.append(Fault("listen.clients", "nothing to listen on"))
    if not re.fullmatch(r"0?[0-7]{3}", config.listen.socket_mode):
        faults.append(Fault("listen.socket_mode", f"{config.listen.socket_mode!r} is no octal permission"))
    if any(not address.loopback for address in config.listen.plain) and not config.trusted_proxies:
        faults.append(Fault("listen.plain", "passwords in the clear: bind loopback, or name trusted_proxies"))
    return faults


def _files(config: Config) -> list[Fault]:
    named = {
        "tls.certificate": config.tls.certificate,
        "tls.key": config.tls.key,
        "store.password_file": config.store.password_file,
        **{f"backends.{name}.ca_file": backend.ca_file for name, backend in config.backends.items()},
        **{f"backends.{name}.secret_file": backend.secret_file for name, backend in config.backends.items()},
    }
    return [Fault(key, problem) for key, path in named.items() if path and (problem := _unreadable(path))]


def _unreadable(path: Path) -> str:
    try:
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"{path}: {error.strerror}"
