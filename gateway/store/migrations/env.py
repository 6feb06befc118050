"""Alembic's entry: the steps run on the connection and in the transaction of ``schema.migrate``."""

from alembic import context

from gateway.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
