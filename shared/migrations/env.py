"""Run by alembic inside the transaction that `shared.migrations.migrate` has begun."""

from alembic import context

from shared.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], version_table=VERSION_TABLE, transactional_ddl=True
)
context.run_migrations()
