"""What the services ask of the store about organisations, people and what they share (``ports``)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from gateway.records import (
    Domain,
    Grant,
    Group,
    Member,
    OpenMailbox,
    Organisation,
    Resource,
    User,
)


class Tenancy(Protocol):
    """Organisations and domains."""

    def add_organisation(self, organisation: Organisation) -> None: ...
    def save_organisation(self, organisation: Organisation) -> None: ...
    def remove_organisation(self, organisation: str) -> None: ...
    def organisation(self, id_or_alias: str) -> Organisation | None: ...
    def organisations(self) -> Sequence[Organisation]: ...
    def add_domain(self, domain: Domain) -> None: ...
    def save_domain(self, domain: Domain) -> None: ...
    def remove_domain(self, name: str) -> None: ...
    def domain(self, name: str) -> Domain | None: ...
    def any_domain(self, name: str) -> Domain | None:
        """The domain of this name, out of reach too: a name is one organisation's."""
        ...

    def domains(self, organisation: str | None = None) -> Sequence[Domain]: ...
    def domain_check(self, domain: str) -> tuple[datetime, Mapping[str, Any]] | None:
        """When the domain's DNS records were last looked at, and what was found then."""
        ...

    def save_domain_check(self, domain: str, at: datetime, document: Mapping[str, Any]) -> None: ...
    def addresses_in(self, domain: str) -> int:
        """How many addresses of users, groups and resources, aliases included, end in ``@domain``."""
        ...

    def some_addresses_in(self, domain: str, limit: int = 5) -> Sequence[str]:
        """The first few of them."""
        ...


class People(Protocol):
    """Users."""

    def add_user(self, user: User) -> None: ...
    def save_user(self, user: User) -> None: ...
    def remove_user(self, user: str) -> None: ...
    def user(self, user: str) -> User | None: ...
    def users_by_id(self, identities: Collection[str]) -> Mapping[str, User]:
        """Those of them that are there, in one question."""
        ...

    def user_by_address(self, address: str) -> User | None:
        """The user whose primary address or alias this is, compared folded."""
        ...

    def users_by_login(self, login: str, *, limit: int = 2) -> Sequence[User]:
        """Users of every organisation with this login, folded; two are enough to see ambiguity."""
        ...

    def users(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[User]:
        """Ordered by address, after that address."""
        ...


class Groups(Protocol):
    """Groups and their members; users and groups, nested."""

    def add_group(self, group: Group) -> None: ...
    def save_group(self, group: Group) -> None: ...
    def remove_group(self, group: str) -> None: ...
    def group(self, group: str) -> Group | None: ...
    def group_by_name(self, organisation: str, name: str) -> Group | None: ...
    def groups(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[Group]:
        """Ordered by name, after that name."""
        ...

    def groups_of(self, user: str) -> Sequence[Group]:
        """Enabled groups that the user is in, directly or through enabled groups, ordered by name."""
        ...

    def groups_within(self, group: str) -> Sequence[str]:
        """Ids of the groups that are members of this one, directly or not, whatever their state."""
        ...

    def add_member(self, group: str, member: str, *, nested: bool) -> bool:
        """Put a user, or with ``nested`` a group, into a group; returns False for one that is in it."""
        ...

    def remove_member(self, group: str, member: str) -> bool:
        """Returns whether it was a direct member."""
        ...

    def members(self, group: str, *, after: str = "", limit: int = 100) -> Sequence[Member]:
        """Direct members ordered by id, after that id."""
        ...


class Resources(Protocol):
    """Rooms and equipment."""

    def add_resource(self, resource: Resource) -> None: ...
    def save_resource(self, resource: Resource) -> None: ...
    def remove_resource(self, resource: str) -> None: ...
    def resource(self, resource: str) -> Resource | None: ...
    def resources(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[Resource]:
        """Ordered by address, after that address."""
        ...


class Permissions(Protocol):
    """Mailbox permissions."""

    def save_grant(self, grant: Grant) -> None:
        """Write the rights of ``grantee`` on ``mailbox``, in place of those that were there."""
        ...

    def remove_grant(self, mailbox: str, grantee: str) -> None: ...
    def grant(self, mailbox: str, grantee: str) -> Grant | None: ...
    def grants(
        self,
        organisation: str,
        *,
        mailbox: str | None = None,
        grantee: str | None = None,
        after: tuple[str, str] = ("", ""),
        limit: int = 100,
    ) -> Sequence[Grant]:
        """Ordered by (mailbox, grantee), after that pair."""
        ...

    def mailboxes_open_to(self, user: str) -> Sequence[OpenMailbox]:
        """Enabled mailboxes of others that the user, or an enabled group around the user, has full access to,
        ordered by address."""
        ...


class Directory(Tenancy, People, Groups, Resources, Permissions, Protocol):
    """Everything that has a name or an address."""

    def entity_by_address(self, address: str) -> User | Group | Resource | None:
        """Whose address or alias this is, compared folded; no address means two things."""
        ...

    def holder(self, address: str) -> str | None:
        """The id of whose address or alias this is, out of reach too: an address is one holder's."""
        ...
