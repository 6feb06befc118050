"""Which credentials were verified lately, and which are known to be wrong (T1, T2, T28, T29; house.md 4a).

Passwords are never kept: an entry is the BLAKE2b of the credential under a key that dies with the process. A
rejected credential is remembered as well, so the directory sees each wrong password once. What has been
verified is looked up before any counting, and stays known as once right when it has to be verified anew, so
an attack on an account never locks out the phones that already sync. Memory only and not thread-safe on
purpose: everything here runs on the event loop's thread.
"""

import math
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b

from gateway.records import Change, Scope
from gateway.services.throttle import Grant, Throttle

MEMORY_S = 300.0
"""How long a verified credential is believed: a change at the backend holds after five minutes (T29)."""

MAXIMUM_ACCEPTED = 200_000
"""Verified credentials kept, as many as partnerships; about 300 bytes each."""

MAXIMUM_REJECTED = 50_000
"""Rejected credentials kept, apart, so that a spray cannot push out the verified ones."""


class Look(Enum):
    """What is known of a credential that is not accepted."""

    UNKNOWN = "must be verified"
    REJECTED = "was verified and is wrong"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who signed in: ids of the organisation and of the user.

    Attributes:
        proof: the password hash that it was right against, so that a long poll ends with the password that
            began it; empty where the password lives elsewhere. Of an app password its id.
        bound: None for the user's own password; for an app password the DeviceId that it belongs to, empty
            before a device has used it (``services.app_passwords``).
    """

    organisation: str
    user: str
    proof: str = field(default="", compare=False, repr=False)
    bound: str | None = field(default=None, compare=False)

    def serves(self, device_id: str) -> bool:
        """Whether this device may show the credential; a request that tells none may show any."""
        return self.bound is None or self.bound == device_id or not device_id


class Login:
    """Verified and rejected credentials.

    The order of calls: ``look``; when UNKNOWN, a grant of ``throttle``; verify elsewhere; then exactly one of
    ``accept``, ``reject`` and ``throttle.given_up``. ``now`` is monotonic seconds. ``octets`` are
    ``username:password`` as sent, which is unambiguous because a Basic user name holds no colon (RFC 7617).

    Attributes:
        throttle: what slows guessing down.
        epoch: changes whenever something is forgotten.
    """

    def __init__(
        self,
        *,
        throttle: Throttle | None = None,
        maximum: int = MAXIMUM_ACCEPTED,
    ) -> None:
        self._key = secrets.token_bytes(32)
        self._maximum = maximum
        self._accepted: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._by_user: dict[str, set[bytes]] = {}
        self._rejected: OrderedDict[bytes, float] = OrderedDict()
        self.throttle = throttle or Throttle()
        self.epoch = 0

    def fingerprint(self, octets: bytes) -> bytes:
        """The keyed hash by which a credential is known here; safe as a key of a table of open checks."""
        return blake2b(octets, key=self._key, digest_size=20).digest()

    def look(self, octets: bytes, now: float) -> Principal | Look:
        """What is known of the credential; the hot path's only call."""
        fingerprint = blake2b(octets, key=self._key, digest_size=20).digest()
        found = self._accepted.get(fingerprint)
        if found is not None and now < found[0]:
            return found[1]
        if self._rejected.get(fingerprint, now) > now:
            return Look.REJECTED
        return Look.UNKNOWN

    def was_right(self, octets: bytes) -> bool:
        """Whether the credential was verified once and never refused since: trying it is no guess."""
        return self.fingerprint(octets) in self._accepted

    def held(self, octets: bytes, now: float, grace_s: float) -> Principal | None:
        """Whom a credential meant whose memory ended at most ``grace_s`` seconds ago, and which nobody has
        doubted since: what may still be believed while nobody can verify it (T30)."""
        found = self._accepted.get(self.fingerprint(octets))
        return found[1] if found is not None and now < found[0] + grace_s else None

    def accept(
        self,
        octets: bytes,
        principal: Principal,
        grant: Grant,
        now: float,
        epoch: int | None = None,
        *,
        lives_s: float = math.inf,
    ) -> None:
        """Remember a verified credential.

        Args:
            lives_s: seconds after which it is worth nothing.
            epoch: ``epoch`` as it was before verifying. What has been forgotten since may be this very
                password, so the credential is then not remembered.
        """
        fingerprint = self.fingerprint(octets)
        self.throttle.succeeded(grant, now, first=fingerprint not in self._accepted)
        if epoch is not None and epoch != self.epoch:
            return
        self._rejected.pop(fingerprint, None)
        self._drop(fingerprint)
        self._accepted[fingerprint] = (now + min(MEMORY_S, lives_s), principal)
        self._by_user.setdefault(principal.user, set()).add(fingerprint)
        if len(self._accepted) > self._maximum:
            self._drop(next(iter(self._accepted)))

    def reject(self, octets: bytes, now: float, grant: Grant | None = None) -> bool:
        """Remember a credential that the directory refused; the attempt behind ``grant`` is spent. True when
        it looks like one of a spray (``Throttle.failed``)."""
        sprayed = grant is not None and self.throttle.failed(grant, now)
        fingerprint = self.fingerprint(octets)
        self._drop(fingerprint)
        self._rejected.pop(fingerprint, None)
        self._rejected[fingerprint] = now + MEMORY_S
        if len(self._rejected) > MAXIMUM_REJECTED:
            self._rejected.popitem(last=False)
        return sprayed

    def doubt(self, user: str) -> None:
        """Somebody who should know refused the user: verify anew; nobody else is concerned."""
        for fingerprint in self._by_user.get(user, ()):
            self._accepted[fingerprint] = (float("-inf"), self._accepted[fingerprint][1])

    def forget(self, user: str) -> None:
        """The user's password, state or existence changed: verify again, rejected credentials too."""
        self.epoch += 1
        self.doubt(user)
        self._rejected.clear()

    def forget_all(self) -> None:
        """Verify everybody again, as after a break of the change feed."""
        self.epoch += 1
        for user in self._by_user:
            self.doubt(user)
        self._rejected.clear()

    def drop(self, changes: Iterable[Change]) -> None:
        """Forget whatever ``changes`` may have made wrong."""
        for change in changes:
            if change.scope is Scope.USER:
                self.forget(change.user)
            elif change.scope is Scope.ORGANISATION:
                self._forget_organisation(change.organisation)

    def _forget_organisation(self, organisation: str) -> None:
        members = {
            entry[1].user for entry in self._accepted.values() if entry[1].organisation == organisation
        }
        self.epoch += 1
        for user in members:
            self.forget(user)
        self._rejected.clear()

    def _drop(self, fingerprint: bytes) -> None:
        entry = self._accepted.pop(fingerprint, None)
        if entry is None:
            return
        held = self._by_user.get(entry[1].user, set())
        held.discard(fingerprint)
        if not held:
            self._by_user.pop(entry[1].user, None)
