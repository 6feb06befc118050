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


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and not _known(config, current):
        return
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _known(config: Config, revision: str) -> bool:
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError:
        return False
    return True
