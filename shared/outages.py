"""What passes by itself: a broker or a database that cannot be reached for a while, a queue that is full."""

from typing import cast

from aiokafka.errors import KafkaError
from sqlalchemy.exc import PendingRollbackError

from shared.committer import Overloaded
from shared.database import unavailable
from shared.log import LogUnavailable

_PASSING = (KafkaError, LogUnavailable, Overloaded, PendingRollbackError, TimeoutError)
"""`PendingRollbackError`: the transaction that is used on was cut off by the server."""


def passing(error: BaseException) -> bool:
    """Whether trying again later may help although nothing here changes; of a group, when it is so of each."""
    if isinstance(error, BaseExceptionGroup):
        several = cast("BaseExceptionGroup[BaseException]", error).exceptions
        return all(map(passing, several))
    return isinstance(error, _PASSING) or unavailable(error)
