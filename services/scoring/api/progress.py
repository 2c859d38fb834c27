"""How far assessing is: for whoever waits until a load is shown in the rankings."""

from services.scoring.api.common import Scoring
from shared.web import View, problems, router
from shared.web.internal import Reading

routes = router(tags=["internal"])


class PendingOut(View):
    """Customers whose assessment is not of their latest evidence; null where another process assesses."""

    pending: int | None


@routes.get("/internal/v1/assessments/pending", summary="How many assessments are due", responses=problems())
async def count_pending(read: Reading, scoring: Scoring) -> PendingOut:
    return PendingOut(pending=None if scoring.pending is None else scoring.pending())
