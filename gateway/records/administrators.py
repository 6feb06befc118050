"""Administrators, their tokens, sessions and views (product 7.2, 7.6, 7.7; security.md T1, T9, T24, T25).

What proves an account (hashes, digests, sealed secrets) is in no repr. What an account may do are its
appointments (``gateway.records.authority``); a token's are some of its maker's, checked again at each use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from gateway.records.authority import Appointment, Permission, Role
from gateway.records.passkeys import Means


class AdministratorState(Enum):
    """A disabled account signs in nowhere, and what it has made holds nothing."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Administrator:
    """An account by which somebody administers.

    Attributes:
        id: ``a-`` and 32 hex digits.
        name: what is typed to sign in, folded, unique on the gateway.
        address: mail address for notices, may be empty.
        person: id of the account that stands for the person; its own unless an owner says that two are one's.
        issuer, subject: what an identity provider calls the person, empty for none (product 7.7).
        password_hash: None where nobody can sign in with a password.
        password_until: until when a password is good that was made to recover the account; None for one that
            its holder chose or that an owner set.
        totp: the sealed secret of the second factor, None before it was enrolled.
        totp_offered: a sealed secret that was shown, and not confirmed by a code yet.
        totp_counter: 30 s step of the last code that was taken: no code is taken twice.
        recovery: digests of the recovery codes that are left.
        vouched_by: id of the other account that last gave this one a password or took its second factor away,
            empty for the machine itself: for a while it could have acted as this one (T9). What the holder
            changes does not touch it, since who was handed a password may be who had set it.
        vouched_at: when; None where nobody did.
    """

    id: str
    name: str
    display_name: str
    created_at: datetime
    created_by: str
    person: str
    address: str = ""
    issuer: str = ""
    subject: str = ""
    state: AdministratorState = AdministratorState.ENABLED
    password_hash: str | None = field(default=None, repr=False)
    password_until: datetime | None = None
    totp: bytes | None = field(default=None, repr=False)
    totp_offered: bytes | None = field(default=None, repr=False)
    totp_counter: int = 0
    recovery: tuple[str, ...] = field(default=(), repr=False)
    vouched_by: str = ""
    vouched_at: datetime | None = None
    appointments: tuple[Appointment, ...] = ()

    @property
    def enabled(self) -> bool:
        """Whether the account may be used at all."""
        return self.state is AdministratorState.ENABLED

    @property
    def enrolled(self) -> bool:
        """Whether there is a second factor."""
        return self.totp is not None

    @property
    def owns_everything(self) -> bool:
        """Whether it is an owner of the whole gateway who can act."""
        owning = (each.role is Role.OWNER and not each.organisation for each in self.appointments)
        return self.enabled and any(owning)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What a program shows instead of a password.

    Attributes:
        id: ``t-`` and 32 hex digits. label: what it is for.
        digest: SHA-256 of the secret, which is nowhere kept.
        administrator: id of the account for which it acts.
        limits: permissions that it has at most, None for all that its appointments give.
        appointments: some of the maker's; each counts only while the maker still has what it gives.
        follows: it was made without any of its own, and has the maker's as they change. Not told by their
            absence: what a token is for may be removed, and it must not have everything then.
        networks: CIDRs that it may be used from, empty for any.
        destructive: destructive acts need no further confirmation.
        last_used_at: to the minute.
    """

    id: str
    label: str
    digest: str = field(repr=False)
    administrator: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    limits: frozenset[Permission] | None = None
    appointments: tuple[Appointment, ...] = ()
    networks: tuple[str, ...] = ()
    follows: bool = False
    destructive: bool = False
    last_used_at: datetime | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in.

    Attributes:
        id: ``s-`` and 32 hex digits. digest: SHA-256 of the secret that is shown at each request.
        seen_at: the last request, to the minute.
        confirmed_at: when password or second factor were last shown.
        ends_at: when it ends, however busy it is.
        means: what opened it; a passkey and an identity provider stand for both factors.
    """

    id: str
    digest: str = field(repr=False)
    administrator: str
    created_at: datetime
    seen_at: datetime
    confirmed_at: datetime
    ends_at: datetime
    address: str = ""
    user_agent: str = ""
    means: Means = Means.PASSWORD


@dataclass(frozen=True, slots=True)
class SavedView:
    """A question to the device list that an account keeps under a name; it names no organisation, so it is
    good for each.

    Attributes:
        id: ``v-`` and 32 hex digits.
        question: what is asked, by the names of the list's query (docs/device-list.md).
    """

    id: str
    administrator: str
    name: str
    question: Mapping[str, str]
    saved_at: datetime
