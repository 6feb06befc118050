"""How each kind of mail server wants to be asked (spec 6.5, product 3.5; T14, T16).

A Route is everything the proxy knows of one configured backend that is not a socket: where its ActiveSync
endpoint is, by which name it knows a user, what proves the user to it, and how the query is written. The
query is always rebuilt from parsed values and never carries the device's policy key, which is the gateway's
own affair; a backend that provisions on its own gets the key that itself gave, in the four octets of a base64
query or in a header.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Self
from urllib.parse import urlsplit

from gateway.config import ACTIVESYNC_PATH, Backend, BackendKind, Credentials, Provisions, UserMapping
from mdm.query import CommandRequest, to_base64, to_plain

Rebuild = Callable[[CommandRequest, str, int | None], str]


@dataclass(frozen=True, slots=True)
class Identity:
    """One person, by every name that a backend may want.

    Attributes:
        typed: the name in Authorization, as the client wrote it.
        address: primary address.
        login: the name before the ``@``.
    """

    typed: str
    address: str
    login: str

    @classmethod
    def of(cls, typed: str) -> Self:
        """A person of whom only the typed name is known: ``DOMAIN\\user``, an address or a bare name."""
        bare = typed.rpartition("\\")[2]
        return cls(typed, bare, bare.partition("@")[0])


def _plain(request: CommandRequest, user: str, _key: int | None) -> str:
    return to_plain(request, user=user)


def _as_asked(request: CommandRequest, user: str, key: int | None) -> str:
    if request.base64:
        return to_base64(replace(request, policy_key=key))
    return to_plain(request, user=user)


BACKENDS: Mapping[BackendKind, Rebuild] = MappingProxyType(
    {BackendKind.GENERIC: _plain, BackendKind.EXCHANGE: _as_asked}
)
"""Kind of backend to how its query is written. SOGo and PHP servers turn a base64 DeviceId into the
hexadecimal of its octets, so a phone that changes forms would be two; Exchange knows either form as one."""


class Route:
    """One backend.

    Attributes:
        name: as in the configuration and in ``Organisation.backend``.
        path: of its ActiveSync endpoint; Microsoft's own where the URL names none.
        provisions: its demands for provisioning are answered.
        discovers: it may keep a device waiting until it has been told what that is, without ever asking
            (Exchange's DeviceDiscovery, spec 6.5).
    """

    __slots__ = (
        "_rebuild",
        "_secret",
        "authority",
        "config",
        "discovers",
        "name",
        "path",
        "provisions",
        "scheme",
    )

    def __init__(self, config: Backend, *, secret: bytes = b"") -> None:
        """``secret`` is the content of ``config.secret_file``, for mode ``trusted``."""
        parts = urlsplit(config.url)
        self.config = config
        self.name = config.name
        self.scheme = parts.scheme
        self.authority = parts.netloc
        self.path = parts.path if parts.path not in ("", "/") else ACTIVESYNC_PATH
        self._secret = secret.decode()
        self._rebuild = BACKENDS[config.kind]
        self.provisions = config.provisions is Provisions.AUTO
        self.discovers = self.provisions and config.kind is BackendKind.EXCHANGE

    def user_name(self, identity: Identity) -> str:
        """The name by which the backend knows this person."""
        match self.config.user_mapping:
            case UserMapping.AS_TYPED:
                return identity.typed
            case UserMapping.ADDRESS:
                return identity.address
            case UserMapping.LOCAL_PART:
                return identity.login
            case UserMapping.DOMAIN_USER:
                return f"{self.config.nt_domain}\\{identity.login}"

    def credentials(self, identity: Identity, password: str) -> tuple[tuple[str, str], ...]:
        """The headers that prove the person; the same for every request, so keep them with the login."""
        name = self.user_name(identity)
        if self.config.credentials is Credentials.TRUSTED:
            return (self.config.header, name), (self.config.proof_header, self._secret)
        token = base64.b64encode(f"{name}:{password}".encode()).decode()
        return (("Authorization", f"Basic {token}"),)

    def target(self, request: CommandRequest, identity: Identity, key: int | None = None) -> str:
        """Path and canonical query, without the device's policy key; ``key`` is the backend's own."""
        return f"{self.path}?{self._rebuild(request, self.user_name(identity), key)}"

    def key_header(self, request: CommandRequest, key: int | None) -> tuple[tuple[str, str], ...]:
        """The header with the backend's own key; none where the base64 query has it."""
        if key is None or (request.base64 and self.config.kind is BackendKind.EXCHANGE):
            return ()
        return (("X-MS-PolicyKey", str(key)),)
