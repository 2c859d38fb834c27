"""Which customers' evidence is newer than their assessment: what a start has to catch up with."""

from collections.abc import AsyncIterator

from services.scoring.tables import Assessments
from shared.database import Database
from shared.projection import Projection
from shared.projection_export import ProjectionExport

PAGE = 500


async def backlog(
    projection: Projection, view: str, database: Database, assessments: Assessments
) -> AsyncIterator[str]:
    """Customers whose evidence row has another revision than their assessment, in order of id."""
    page: dict[str, int] = {}
    async for id_, revision in ProjectionExport(projection, database).revisions(view):
        page[id_] = revision
        if len(page) == PAGE:
            for customer in await _behind(page, assessments):
                yield customer
            page = {}
    for customer in await _behind(page, assessments):
        yield customer


async def _behind(page: dict[str, int], assessments: Assessments) -> list[str]:
    assessed = await assessments.revisions(list(page))
    return [customer for customer, revision in page.items() if assessed.get(customer) != revision]
