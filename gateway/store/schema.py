"""Bringing a database to this release's schema (product 9.3): at start, by whoever comes first.

The steps run in one writer's transaction, so processes that start together queue, and a crash half way leaves
nothing. A database that a newer release has already brought further is left alone: every step is written so
that the previous release can go on working beside it.
"""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import GatewayError, Kind
from gateway.store import engine as engines


def migrate(url: str) -> None:
    """Bring the database at ``url`` to the newest schema that this release knows.

    Raises:
        GatewayError: UNAVAILABLE when the database cannot be reached or changed.
        ValueError: ``url`` is no store URL.
    """
    engine = engines.connect(url)
    try:
        with engine.connect() as connection, engines.writing(connection).begin():
            _upgrade(connection)
    except SQLAlchemyError as error:
        raise GatewayError(Kind.UNAVAILABLE) from error
    finally:
        engine.dispose()


def newest() -> str:
    """The newest schema that this release knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def present(connection: Connection) -> str | None:
    """The schema that the database is at, None for one without."""
    return MigrationContext.configure(connection).get_current_revision()


def known(revision: str) -> bool:
    """Whether this release has the steps that lead to ``revision``; a newer release's it has not."""
    try:
        ScriptDirectory.from_config(_config()).get_revision(revision)
    except CommandError:
        return False
    return True


def bring(connection: Connection, revision: str = "head") -> None:
    """Run the steps up to ``revision`` in the transaction of ``connection``."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _upgrade(connection: Connection) -> None:
    current = present(connection)
    if current is None or known(current):
        bring(connection)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    return config
