"""Loading through the real client: verdicts by line, replays, retries, and what is refused."""

import pytest

from services.cli.actions import Action, BadRow, BulkStage, ChainStage
from services.cli.client import Api
from services.cli.connection import connect
from services.cli.errors import ApiError, Unreachable
from services.cli.loader import Loader
from services.cli.report import Report


def posting(number: int, account: str = "acc_1") -> Action:
    body = {"reference": {"system": "test", "id": str(number)}, "account_id": account}
    return Action("transaction", str(number), body, line=number)


def bulk(*actions: Action | BadRow) -> BulkStage:
    return BulkStage("transactions", "transaction", actions)


async def test_every_line_is_counted_once_across_requests(api, bank):
    report = await Loader(api, lines=3).load([bulk(*(posting(n) for n in range(1, 11)))])

    tally = report.stages[0]
    assert (tally.read, tally.accepted, tally.replayed, report.rejected) == (10, 10, 0, 0)
    assert bank.requests.count("bulk") == 4


async def test_loading_twice_replays_everything(api):
    stage = bulk(*(posting(n) for n in range(1, 6)))
    await Loader(api).load([stage])
    second = await Loader(api).load([stage])

    assert (second.stages[0].accepted, second.stages[0].replayed) == (0, 5)


async def test_a_refused_line_and_a_bad_row_are_reported_with_their_lines_and_spoil_nothing(api):
    bad = BadRow(7, "bad_date", "column date is not a date as %y%m%d")
    report = await Loader(api).load([bulk(posting(1), bad, posting(3, "acc_unknown"), posting(4))])

    assert report.stages[0].accepted == 2
    assert dict(report.stages[0].rejected) == {"bad_date": 1, "unknown_account": 1}
    assert {(sample.line, sample.code) for sample in report.samples} == {(7, "bad_date"), (3, "unknown_account")}


async def test_retryable_lines_are_sent_again_until_they_are_taken(api, bank):
    bank.unknown_until = 2
    report = await Loader(api).load([bulk(posting(1), posting(2, "acc_late"), posting(3))])

    assert (report.stages[0].accepted, report.stages[0].read, report.rejected) == (3, 3, 0)


async def test_a_busy_server_is_asked_again(api, bank):
    bank.busy = 2
    report = await Loader(api).load([bulk(posting(1))])

    assert report.stages[0].accepted == 1
    assert bank.requests.count("bulk") == 3


async def test_an_expired_minted_token_is_renewed(api, bank):
    await Loader(api).load([bulk(posting(1))])
    bank.valid = "another"
    report = await Loader(api).load([bulk(posting(2))])

    assert report.stages[0].accepted == 1
    assert bank.tokens == 2


async def test_a_given_token_that_is_wrong_ends_the_load_with_a_clear_line(bank):
    import httpx

    async with Api(connect("http://bank", "wrong"), transport=httpx.ASGITransport(bank.app)) as session:
        with pytest.raises(ApiError, match="token is missing, expired or not of this Guanxi"):
            await Loader(session).load([bulk(posting(1))])


async def test_nothing_running_is_said_at_once():
    async with Api(connect("http://127.0.0.1:9", "any")) as session:
        with pytest.raises(Unreachable, match="nothing answers at"):
            await Loader(session).load([bulk(posting(1))])


async def test_a_chain_keeps_its_order_and_goes_on_after_a_refusal(api, bank):
    chains = [
        [
            Action("promise", f"p{n}", {"subject": str(n)}),
            Action("promise_kept", f"p{n}", {"subject": str(n)}, target=f"prm_{n}"),
        ]
        for n in range(40)
    ]
    chains.append([Action("promise", "bad", {"subject": "bad"})])
    report: Report = await Loader(api).load([ChainStage("promises", chains)])

    assert report.stages[0].accepted == 80
    assert dict(report.stages[0].rejected) == {"bad_subject": 1}
    assert report.samples[0].detail == "/subject: No."
    for n in range(40):
        assert bank.requests.index(f"/v1/promises {n}") < bank.requests.index(f"/v1/promises/prm_{n}/fulfilment {n}")


async def test_progress_reaches_the_number_of_actions(api):
    seen: list[int] = []
    stages = [bulk(*(posting(n) for n in range(1200))), ChainStage("promises", [[Action("promise", "p", {})]])]
    await Loader(api, lambda _, done: seen.append(done), lines=1000).load(stages)

    assert sum(seen) == 1201


async def test_singles_that_were_done_before_are_replayed(api):
    stage = ChainStage("promises", [[Action("promise", f"p{n}", {"subject": "call"})] for n in range(5)])
    await Loader(api).load([stage])
    second = await Loader(api).load([stage])

    assert (second.stages[0].accepted, second.stages[0].replayed) == (0, 5)
