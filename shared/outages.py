"""What passes by itself: a broker or a database that cannot be reached for a while, a queue that is full."""

from aiokafka.errors import KafkaError

from shared.committer import Overloaded
from shared.database import unavailable
from shared.log import LogUnavailable


def passing(error: BaseException) -> bool:
    """Whether trying again later may help although nothing here changes."""
    return isinstance(error, KafkaError | LogUnavailable | Overloaded | TimeoutError) or unavailable(error)
