"""The assessor in the running application: it catches up, keeps the day, and survives what goes wrong."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from services.scoring import app as composition
from services.scoring import assessor
from services.scoring.publisher import RelationshipPublisher
from services.scoring.tables import Assessments
from support.contacts import Bank
from support.scored import after, ago, eventually, meet, person_at, relationship, today, whole, whole_bank


async def test_what_a_stop_left_behind_is_assessed_at_the_next_start(tmp_path: Path) -> None:
    async with whole_bank(tmp_path) as bank:
        met = await meet(bank, bank.customer, ago(3))
        before = await relationship(bank, bank.customer, met)
        head = await published(bank.app)
    with sqlite3.connect(tmp_path / "scoring.db") as connection:
        (table,) = connection.execute(
            "select name from sqlite_master where type = 'table' and name like 'assessments_v%'"
        ).fetchone()
        connection.execute(f"delete from {table} where customer = ?", (bank.customer,))
        connection.execute(f"update {table} set revision = 0 where customer = ?", (bank.stranger,))
    connection.close()
    async with whole(tmp_path) as again:
        shown = await eventually(again.admin, f"/v1/relationships/{bank.customer}", lambda _: True)
        assert shown["strength"] == before["strength"]
        path = f"/v1/relationships/{bank.stranger}"
        await eventually(again.admin, path, lambda shown: shown["revision"] > 0)
        assert await published(again) == head, "nothing is told twice"


async def published(app: Any) -> int:
    return await app.app.state.services["scoring"].log.head()


async def test_at_midnight_everybody_is_assessed_for_the_new_day(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    met = await meet(bank, bank.customer, ago(100))
    old = await relationship(bank, bank.customer, met)
    assert old["as_of"] == today().isoformat()
    monkeypatch.setattr(composition, "_now", lambda: datetime.now(UTC) + timedelta(days=40))
    then = (today() + timedelta(days=40)).isoformat()
    for customer in (bank.customer, bank.stranger):
        new = await eventually(bank.admin, f"/v1/relationships/{customer}", lambda shown: shown["as_of"] == then)
        assert new["customer_id"] == customer
        if customer == bank.customer:
            assert new["strength"] < old["strength"], "a contact fades"
            assert new["revision"] == old["revision"]


async def test_one_defect_does_not_keep_the_others_waiting(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    assess = assessor.assess

    def defective(evidence: Any, policy: Any, day: int, customer: str, *more: Any, **given: Any) -> Any:
        if customer == bank.customer:
            raise ZeroDivisionError
        return assess(evidence, policy, day, customer, *more, **given)

    monkeypatch.setattr(assessor, "assess", defective)
    stuck = await meet(bank, bank.customer, ago(2))
    met = await meet(bank, bank.stranger, ago(2))
    await relationship(bank, bank.stranger, met)
    behind = await bank.admin.get(f"/v1/relationships/{bank.customer}", params={"min_position": stuck["position"]})
    assert (behind.status_code, behind.json()["code"]) == (503, "projection_behind")
    monkeypatch.setattr(assessor, "assess", assess)
    again = await meet(bank, bank.customer, ago(1))
    assert (await relationship(bank, bank.customer, stuck, again))["positions"]


@pytest.mark.parametrize(("part", "method"), [(Assessments, "save"), (RelationshipPublisher, "publish")])
async def test_a_failing_database_is_tried_again(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, part: type, method: str
) -> None:
    working, failures = getattr(part, method), iter(range(2))

    async def failing(*arguments: Any) -> None:
        if next(failures, None) is not None:
            raise OperationalError("insert", {}, ConnectionError("gone"))
        await working(*arguments)

    monkeypatch.setattr(part, method, failing)
    path = f"/v1/relationships/{bank.customer}"
    met = await meet(bank, bank.customer, ago(2))
    channel, _, position = met["position"].partition(":")
    shown = await eventually(bank.admin, path, lambda row: row["positions"].get(channel, 0) >= int(position))
    assert next(failures, None) is None, "it did fail"
    assert shown["customer_id"] == bank.customer


async def test_a_late_event_changes_what_it_is_compared_with(bank: Bank) -> None:
    customer = await person_at(bank, bank.branch)
    path = f"/v1/relationships/{customer}"
    met = await meet(bank, customer, ago(2))
    await relationship(bank, customer, met)
    risen = await eventually(bank.admin, path, lambda shown: shown["change"] is not None)
    assert risen["change"] > 0
    late = await meet(bank, customer, ago(200))
    await relationship(bank, customer, late)
    past = await relationship(bank, customer, late, as_of=ago(30))
    wanted = await eventually(
        bank.admin,
        path,
        lambda shown: (
            shown["change"] is not None and abs(shown["strength"] - shown["change"] - past["strength"]) < 1e-6
        ),
    )
    assert wanted["change"] != risen["change"]


async def test_a_trickle_of_nothing_new_is_not_published(bank: Bank) -> None:
    first = await meet(bank, bank.customer, ago(1))
    await relationship(bank, bank.customer, first)
    head = await published(bank.app)
    for _ in range(5):
        first = await meet(bank, bank.customer, ago(1))
    await relationship(bank, bank.customer, after(first))
    assert await published(bank.app) == head, "a week counts once: the strength has not moved"
