"""The use cases of the directory, made from a Config: who there is, and how each of them is reached."""

from dataclasses import dataclass

from autodiscover.zone import MailRecords
from gateway.app.advertised import endpoints
from gateway.chance import Secrets, SystemClock
from gateway.config import Backend, Config, Credentials, UserMapping
from gateway.directory.local import LocalPasswords
from gateway.services.app_passwords import AppPasswords
from gateway.services.domain_records import DomainRecords, Served
from gateway.services.finding import Finder
from gateway.services.groups import Groups
from gateway.services.offboarding import Offboarding
from gateway.services.permissions import Permissions
from gateway.services.profiles import Profiles
from gateway.services.resources import Resources
from gateway.services.self_sessions import SelfSessions
from gateway.services.tenants import Tenants
from gateway.services.users import Users
from gateway.store import DatabaseStore


@dataclass(frozen=True)
class Directory:
    """Organisations, domains and people, and what these look after themselves (product 1, 2)."""

    tenants: Tenants
    users: Users
    groups: Groups
    resources: Resources
    permissions: Permissions
    finder: Finder
    offboarding: Offboarding
    domain_records: DomainRecords
    profiles: Profiles
    app_passwords: AppPasswords
    self_sessions: SelfSessions


def directory(config: Config, store: DatabaseStore) -> Directory:
    """Make them; nothing is connected before the first call."""
    clock, keys, backends = SystemClock(), Secrets(), tuple(config.backends)
    served = {name: _served(config, backend) for name, backend in config.backends.items()}
    return Directory(
        tenants=Tenants(store, clock, keys, backends=backends, base_domain=config.base_domain),
        users=Users(store, clock, keys, LocalPasswords(), backends=backends, by_login=_by_login(config)),
        groups=Groups(store, clock, keys, backends=backends),
        resources=Resources(store, clock, keys),
        permissions=Permissions(store, clock),
        finder=Finder(store),
        offboarding=Offboarding(store, clock, keys),
        domain_records=DomainRecords(
            store, clock, public_host=config.public_host, port=config.public_port, served=served
        ),
        profiles=Profiles(store, clock, keys, config.origin),
        app_passwords=AppPasswords(store, clock, keys, _trusting(config)),
        self_sessions=SelfSessions(store, clock, keys),
    )


def _by_login(config: Config) -> frozenset[str]:
    """Backends for which all domains of an organisation are one name space of users."""
    told = (UserMapping.LOCAL_PART, UserMapping.DOMAIN_USER)
    return frozenset(name for name, backend in config.backends.items() if backend.user_mapping in told)


def _trusting(config: Config) -> frozenset[str]:
    """Backends that are told who somebody is and shown no password."""
    trusting = Credentials.TRUSTED
    return frozenset(name for name, each in config.backends.items() if each.credentials is trusting)


def _served(config: Config, backend: Backend) -> Served:
    mail = MailRecords(backend.mx, backend.spf, backend.dmarc, backend.dkim)
    return Served(endpoints(config, backend), mail)
