"""Adapter: the database, and the files that belong to it. The only place that knows SQL.

``database`` gives the engine that everything else here takes; ``migrate`` makes it ready.
"""

from ivrserver.storage.database import database
from ivrserver.storage.journal import Journal, open_journal
from ivrserver.storage.schema import SchemaState, migrate, schema_state

__all__ = ["Journal", "SchemaState", "database", "migrate", "open_journal", "schema_state"]
