"""One connection with the repositories on it, and the store that opens it (house.md 4a).

Errors of the database leave here as ``GatewayError``: CONFLICT for a broken uniqueness or a lost race,
MALFORMED for text that no column can hold, UNAVAILABLE for everything that waiting may mend.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from gateway.errors import GatewayError, Kind, LostRace
from gateway.records.authority import EVERYTHING, Reach
from gateway.store import engine as engines
from gateway.store.administrators import AdministratorRows
from gateway.store.api_tokens import ApiTokenRows
from gateway.store.app_passwords import AppPasswordRows
from gateway.store.archive import ArchiveRows
from gateway.store.assignments import AssignmentRows
from gateway.store.audit import AuditRows
from gateway.store.audit_chain import ChainRows
from gateway.store.backend_keys import BackendKeyRows
from gateway.store.changes import ChangeFeed, ChangeRows, SqliteFeed
from gateway.store.device_passwords import DevicePasswordRows
from gateway.store.devices import DeviceRows
from gateway.store.figures import FigureRows
from gateway.store.held import HeldRows
from gateway.store.history import HistoryRows
from gateway.store.jobs import JobRows
from gateway.store.kinds import KindRows
from gateway.store.letters import LetterRows, SubscriptionRows
from gateway.store.passkeys import PasskeyRows, QuestionRows
from gateway.store.policies import PolicyRows
from gateway.store.profile_links import ProfileLinkRows
from gateway.store.protocol_log import ProtocolLogRows
from gateway.store.repetitions import RepetitionRows
from gateway.store.rollouts import RolloutRows
from gateway.store.rules import RuleRows
from gateway.store.saved_views import SavedViewRows
from gateway.store.self_sessions import SelfSessionRows
from gateway.store.sessions import SessionRows
from gateway.store.tenants import DirectoryRows
from gateway.store.webhooks import DeliveryRows, PlaceRows, WebhookRows
from gateway.store.wipe_orders import WipeOrderRows
from gateway.store.within import narrow

UNSTORABLE = "A text holds characters, or a number is larger, than can be stored."


class RowTransaction:
    """``ports.Transaction`` on one connection, with what is within ``reach``."""

    def __init__(self, connection: Connection, reach: Reach = EVERYTHING) -> None:
        self.reach = reach
        narrow(connection, reach)
        self.directory = DirectoryRows(connection)
        self.profile_links = ProfileLinkRows(connection)
        self.app_passwords = AppPasswordRows(connection)
        self.self_sessions = SelfSessionRows(connection)
        self.policies = PolicyRows(connection)
        self.rules = RuleRows(connection)
        self.held = HeldRows(connection)
        self.assignments = AssignmentRows(connection)
        self.rollouts = RolloutRows(connection)
        self.devices = DeviceRows(connection)
        self.kinds = KindRows(connection)
        self.device_passwords = DevicePasswordRows(connection)
        self.backend_keys = BackendKeyRows(connection)
        self.wipe_orders = WipeOrderRows(connection)
        self.jobs = JobRows(connection)
        self.archive = ArchiveRows(connection)
        self.administrators = AdministratorRows(connection, reach)
        self.api_tokens = ApiTokenRows(connection, reach)
        self.sessions = SessionRows(connection)
        self.passkeys = PasskeyRows(connection)
        self.questions = QuestionRows(connection)
        self.saved_views = SavedViewRows(connection)
        self.repetitions = RepetitionRows(connection)
        self.audit = AuditRows(connection)
        self.audit_chain = ChainRows(connection)
        self.webhooks = WebhookRows(connection, reach)
        self.deliveries = DeliveryRows(connection)
        self.places = PlaceRows(connection)
        self.subscriptions = SubscriptionRows(connection, reach)
        self.letters = LetterRows(connection)
        self.changes = ChangeRows(connection)
        self.figures = FigureRows(connection)
        self.history = HistoryRows(connection)
        self.protocol_log = ProtocolLogRows(connection)


class DatabaseStore:
    """``ports.Store`` on SQLite or PostgreSQL; safe for threads, never carried over a fork."""

    def __init__(self, url: str) -> None:
        self._engine = engines.connect(url)
        self._reach = EVERYTHING

    def within(self, reach: Reach) -> "DatabaseStore":
        """This store with nothing in it but what is within reach, on the same connections (T25, T35)."""
        narrowed = copy(self)
        narrowed._reach = self._reach & reach
        return narrowed

    @contextmanager
    def read(self) -> Iterator[RowTransaction]:
        with translated(), self._engine.connect() as connection, engines.reading(connection).begin():
            yield RowTransaction(connection, self._reach)

    @contextmanager
    def write(self) -> Iterator[RowTransaction]:
        with translated(), self._engine.connect() as connection, engines.writing(connection).begin():
            yield RowTransaction(connection, self._reach)

    def feed(self) -> ChangeFeed:
        """Open a reader of everybody's changes, this store's own included."""
        with translated():
            if self._engine.dialect.name == "sqlite":
                return SqliteFeed(self._engine)
            # The driver, only where it is used:
            from gateway.store.postgres_feed import PostgresFeed  # noqa: PLC0415

            return PostgresFeed(self._engine)

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise LostRace("It exists already, or something else depends on it.") from error
    except DataError as error:
        raise GatewayError(Kind.MALFORMED, UNSTORABLE) from error
    except OverflowError as error:  # SQLite's driver says so before its database does
        raise GatewayError(Kind.MALFORMED, UNSTORABLE) from error
    except OperationalError as error:
        raise (LostRace() if engines.is_conflict(error) else GatewayError(Kind.UNAVAILABLE)) from error
    except (DBAPIError, SQLAlchemyError) as error:
        raise GatewayError(Kind.UNAVAILABLE) from error
