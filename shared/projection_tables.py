"""The tables of a projection version, for both databases: created, never migrated; a changed fold is a new version."""

import re
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from shared.projection import Projection

_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Byte order: keyset cursors and lock order must not depend on a server's locale.
_Text = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def microseconds(moment: datetime) -> int:
    """An aware time as microseconds since 1970, exact and sortable in either database."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """The aware UTC time of `microseconds`."""
    return _EPOCH + value * _MICROSECOND


class Tables:
    """Rows, cursors and parked events of one version; the timeline and the active version are shared by all."""

    def __init__(self, projection: Projection) -> None:
        names = (projection.name, *(view.name for view in projection.views))
        if projection.version < 1 or not all(map(_NAME.fullmatch, names)):
            raise ValueError("names of projections and views are lower case letters and _, versions 1 or more")
        self.metadata = sa.MetaData()
        prefix = f"{projection.name}_v{projection.version}"
        self.rows = _rows(f"{prefix}_rows", self.metadata)
        self.cursors = _cursors(f"{prefix}_cursors", self.metadata)
        self.parked = _parked(f"{prefix}_parked", self.metadata)
        self.active = sa.Table(
            "projections",
            self.metadata,
            sa.Column("name", _Text, primary_key=True),
            sa.Column("version", sa.Integer, nullable=False),
        )
        self.timeline_name = f"{projection.name}_timeline"
        self.timeline = _timeline(self.timeline_name, self.metadata) if projection.timeline else None

    def sql(self, statement: str) -> str:
        """The statement with {rows}, {cursors}, {parked} and {timeline} replaced by the tables' names."""
        for name, table in (("rows", self.rows), ("cursors", self.cursors), ("parked", self.parked)):
            statement = statement.replace("{" + name + "}", table.name)
        return statement.replace("{timeline}", self.timeline_name)


def _rows(name: str, metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("view", _Text, primary_key=True),
        sa.Column("id", _Text, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("owner", _Text, nullable=False),
        sa.Column("institution", _Text, nullable=False),
        sa.Column("rank", _Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Index(f"{name}_owner", "view", "owner", "rank", "id"),
        sa.Index(f"{name}_institution", "view", "institution", "rank", "id"),
        sa.Index(f"{name}_rank", "view", "rank", "id"),
    )


def _cursors(name: str, metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("offsets", sa.Text, nullable=False),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )


def _parked(name: str, metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("sequence", _Serial, sa.Identity(), primary_key=True),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("key", _Text, nullable=False),
        sa.Column("channel", _Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("parked_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("key", "channel", "position"),
        sa.Index(f"{name}_partition", "partition", "key"),
    )


def _timeline(name: str, metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("channel", _Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", _Text, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("type", _Text, nullable=False),
        sa.Column("schema", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("stream", _Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("meta", sa.LargeBinary, nullable=False),
        sa.Index(f"{name}_key", "key", "occurred_at", "channel", "position"),
    )
