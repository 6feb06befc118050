"""What can be wrong with settings that are well-formed one by one (product 10: every fault at once)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.config.administration import Oidc
from gateway.config.telling import MailConfig, MailSecurity
from gateway.config.values import (
    ACTIVESYNC_PATH,
    Backend,
    Config,
    Credentials,
    UserMapping,
)
from gateway.records.targets import read_target

ADVERTISED_URLS = (
    "ews_url",
    "mapi_url",
    "oab_url",
    "web_mail",
    "caldav_url",
    "carddav_url",
    "autodiscover_url",
)
"""What AutoDiscover may advertise of a backend, or redirect to."""

HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.ASCII)


class Fault(NamedTuple):
    """One thing wrong: dotted key, what is wrong, line of the file (0 when it has none)."""

    key: str
    problem: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.key}{f' (line {self.line})' if self.line else ''}: {self.problem}"


def backend_faults(backend: Backend) -> Iterator[tuple[str, str]]:
    """What is wrong within one backend: key and problem."""
    for key in ("url", *ADVERTISED_URLS):
        if problem := _url_fault(getattr(backend, key), optional=key != "url"):
            yield key, problem
    for key in ("imap", "pop3", "smtp"):
        if not re.fullmatch(r"([a-z0-9.-]+:\d{1,5})?", getattr(backend, key), re.ASCII):
            yield key, "must be host:port"
    yield from _published_faults(backend)
    for key in ("header", "proof_header"):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", getattr(backend, key), re.ASCII):
            yield key, "is no header name"
    if backend.credentials is Credentials.TRUSTED and backend.secret_file is None:
        yield "secret_file", "is required with credentials = 'trusted'"
    if backend.credentials is Credentials.TRUSTED and backend.user_mapping is UserMapping.AS_TYPED:
        yield "user_mapping", "must not be 'as_typed' with credentials = 'trusted': nobody checks the name"
    if backend.user_mapping is UserMapping.DOMAIN_USER and not backend.nt_domain:
        yield "nt_domain", "is required with user_mapping = 'domain_user'"


def _published_faults(backend: Backend) -> Iterator[tuple[str, str]]:
    for key in ("mx", "dkim"):
        if not all(HOST_NAME.fullmatch(each) for each in getattr(backend, key)):
            yield (
                key,
                "must be host names in lower case" if key == "mx" else "must be selectors in lower case",
            )
    for key, start in (("spf", "v=spf1"), ("dmarc", "v=DMARC1")):
        if getattr(backend, key) and not getattr(backend, key).startswith(start):
            yield key, f"must begin with {start}"


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


def crossed(config: Config) -> list[Fault]:
    """What no single value can be blamed for."""
    faults = []
    if config.tls.certificate or config.tls.key or not config.tls.configured:
        required = config.listen.clients or config.listen.admin or config.tls.configured
        faults += [
            Fault(f"tls.{name}", "is required")
            for name in ("certificate", "key")
            if required and not getattr(config.tls, name)
        ]
    if not config.listen.clients and not config.listen.plain:
        faults.append(Fault("listen.clients", "nothing to listen on"))
    if not re.fullmatch(r"0?[0-7]{3}", config.listen.socket_mode):
        faults.append(Fault("listen.socket_mode", f"{config.listen.socket_mode!r} is no octal permission"))
    if any(not address.loopback for address in config.listen.plain) and not config.trusted_proxies:
        faults.append(Fault("listen.plain", "passwords in the clear: bind loopback, or name trusted_proxies"))
    if not HOST_NAME.fullmatch(config.admin_host):
        faults.append(Fault("admin.host", f"{config.admin.host!r} is no host name in lower case"))
    faults += [*_redirect_faults(config), *_mail_faults(config.mail), *_oidc_faults(config.oidc)]
    if any(each.path or each.host == "localhost" for each in config.dns.resolvers):
        faults.append(Fault("dns.resolvers", "must be IP addresses with their port: 192.0.2.1:53"))
    return faults


def _redirect_faults(config: Config) -> Iterator[Fault]:
    """A client that is redirected to this gateway comes back with the same question, until it gives up."""
    own = {config.public_host, *config.extra_hosts}
    for name, backend in config.backends.items():
        url, key = backend.autodiscover_url, f"backends.{name}.autodiscover_url"
        if not url or _url_fault(url, optional=True):
            continue
        parts = urlsplit(url)
        if parts.scheme != "https":
            yield Fault(key, "must be https: clients send a password there")
        elif parts.hostname in own:
            yield Fault(key, "leads back to this gateway")


def _oidc_faults(oidc: Oidc) -> Iterator[Fault]:
    if bool(oidc.issuer) != bool(oidc.client_id):
        yield Fault("oidc.client_id", "and oidc.issuer are given together")
    if oidc.issuer and "openid" not in oidc.scopes:
        yield Fault("oidc.scopes", "must have openid")
    if oidc.issuer:
        try:
            read_target(oidc.issuer, allow_private=oidc.allow_private)
        except ValueError as error:
            yield Fault("oidc.issuer", f"{error}")


def _mail_faults(mail: MailConfig) -> Iterator[Fault]:
    if mail.host and not mail.sender:
        yield Fault("mail.sender", "is required with mail.host")
    if mail.sender and not re.fullmatch(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,255}", mail.sender):
        yield Fault("mail.sender", f"{mail.sender!r} is no mail address")
    if bool(mail.user) != (mail.password_file is not None):
        yield Fault("mail.password_file", "and mail.user are given together")
    if mail.user and mail.security is MailSecurity.NONE:
        yield Fault("mail.security", "must not be 'none' with a user: the password would be read on the way")


def unreadable_files(config: Config) -> list[Fault]:
    """Every file that the settings name and that cannot be read."""
    named = {
        "tls.certificate": config.tls.certificate,
        "tls.key": config.tls.key,
        "store.password_file": config.store.password_file,
        "dns.ca_file": config.dns.ca_file,
        "audit.former_keys_file": config.audit.former_keys_file,
        "webhooks.ca_file": config.webhooks.ca_file,
        "mail.ca_file": config.mail.ca_file,
        "mail.password_file": config.mail.password_file,
        **{f"backends.{name}.ca_file": backend.ca_file for name, backend in config.backends.items()},
        **{f"backends.{name}.secret_file": backend.secret_file for name, backend in config.backends.items()},
    }
    faults = [Fault(key, problem) for key, path in named.items() if path and (problem := _unreadable(path))]
    if config.tls.folder and (problem := _unreadable(config.tls.folder, folder=True)):
        faults.append(Fault("tls.folder", problem))
    if config.mail.templates and (problem := _unreadable(config.mail.templates, folder=True)):
        faults.append(Fault("mail.templates", problem))
    return faults


def _unreadable(path: Path, *, folder: bool = False) -> str:
    try:
        if folder:
            next(path.iterdir(), None)
        else:
            path.open("rb").close()
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""
