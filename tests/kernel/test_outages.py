"""What the supervisor and the relay wait out, and what they take for a defect."""

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from sqlalchemy.exc import PendingRollbackError

from shared.committer import Overloaded
from shared.log import LogUnavailable
from shared.outages import passing

PASSING = [KafkaConnectionError(), LogUnavailable(), Overloaded(), PendingRollbackError(), TimeoutError(), OSError()]
PASSING += [asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress")]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_an_outage_passes_alone_and_in_a_group(error: Exception) -> None:
    assert passing(error)
    assert passing(ExceptionGroup("tasks", [error, ExceptionGroup("more", [LogUnavailable()])]))


@pytest.mark.parametrize(
    "error", [ValueError(), KeyError("x"), AssertionError()], ids=lambda error: type(error).__name__
)
def test_a_defect_does_not_even_beside_an_outage(error: Exception) -> None:
    assert not passing(error)
    assert not passing(ExceptionGroup("tasks", [LogUnavailable(), error]))
