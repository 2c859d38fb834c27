from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring import evidence as monoid
from services.scoring import row as rows
from services.scoring.delta import delta, parts
from services.scoring.evidence import IDENTITY, Evidence, Working, merge
from services.scoring.refold import Refold
from services.scoring.row import Fold, Row, evolve
from shared.envelope import Envelope
from support.events import History
from support.histories import histories, retracted

REFOLD = Refold("Asia/Shanghai", purchase_products=frozenset({"fund", "insurance", "term_deposit"}))
seeds = st.integers(0, 1_000_000)


def fold(envelopes: list[Envelope]) -> Row:
    folding = Fold(REFOLD)
    for envelope in envelopes:
        folding.apply(envelope)
    return folding.freeze()


def split(envelopes: list[Envelope], seed: int, ways: int) -> list[Evidence]:
    random = Random(seed)
    groups: list[list[Envelope]] = [[] for _ in range(ways)]
    for envelope in envelopes:
        random.choice(groups).append(envelope)
    return [merge(*(delta(envelope, REFOLD) for envelope in group)) for group in groups]


def interleaved(envelopes: list[Envelope], seed: int) -> list[Envelope]:
    """Any order that keeps the order within each channel, with events delivered again."""
    random = Random(seed)
    channels: dict[str, list[Envelope]] = {}
    for envelope in envelopes:
        channels.setdefault(envelope.channel, []).append(envelope)
    sent: list[Envelope] = []
    waiting = dict.fromkeys(channels, 0)
    while waiting:
        name = random.choice(sorted(waiting))
        sent.append(channels[name][waiting[name]])
        waiting[name] += 1
        if random.random() < 0.3:
            sent.extend(random.sample(sent, min(3, len(sent))))
        if waiting[name] == len(channels[name]):
            del waiting[name]
    return sent


@settings(deadline=None)
@given(history=histories, seed=seeds)
def test_merge_is_a_commutative_monoid(history: History, seed: int):
    a, b, c = split(history.envelopes, seed, 3)
    assert monoid.encode(merge(a, merge(b, c))) == monoid.encode(merge(merge(a, b), c))
    assert monoid.encode(merge(a, b)) == monoid.encode(merge(b, a))
    assert merge(a, IDENTITY) == a


@settings(deadline=None)
@given(history=histories, seed=seeds)
def test_a_fold_of_disjoint_sets_is_the_merge_of_their_folds(history: History, seed: int):
    a, b = split(history.envelopes, seed, 2)
    assert monoid.encode(merge(a, b)) == monoid.encode(fold(history.envelopes).evidence)


@settings(deadline=None)
@given(history=histories, seed=seeds)
def test_interleaving_and_duplicates_change_no_byte(history: History, seed: int):
    once = fold(history.envelopes)
    again = Row()
    for envelope in interleaved(history.envelopes, seed):
        again = evolve(again, envelope, REFOLD)
    assert rows.encode(again) == rows.encode(once)


@settings(deadline=None)
@given(history=histories, seed=seeds)
def test_batches_and_storing_between_them_change_no_byte(history: History, seed: int):
    random = Random(seed)
    stored = rows.encode(Row())
    rest = history.envelopes
    while rest:
        size = random.randint(1, 9)
        folding = Fold(REFOLD, rows.decode(stored))
        for envelope in rest[:size]:
            folding.apply(envelope)
        stored, rest = rows.encode(folding.freeze()), rest[size:]
    assert stored == rows.encode(fold(history.envelopes))


@settings(deadline=None)
@given(history=histories)
def test_a_retraction_leaves_what_a_fold_without_the_retracted_event_gives(history: History):
    assert fold(history.envelopes).evidence == fold(retracted(history.envelopes)).evidence


@settings(deadline=None)
@given(history=histories)
def test_folding_on_never_changes_the_row_it_started_from(history: History):
    row = Row()
    for envelope in history.envelopes:
        before = rows.encode(row)
        after = evolve(row, envelope, REFOLD)
        assert rows.encode(row) == before
        row = after
    assert rows.encode(row) == rows.encode(fold(history.envelopes))


@settings(deadline=None)
@given(history=histories)
def test_an_event_is_the_merge_of_its_dated_parts(history: History):
    for envelope in history.envelopes:
        assert merge(*(part.evidence for part in parts(envelope, REFOLD))) == delta(envelope, REFOLD)


def test_of_two_facts_of_one_version_the_higher_value_wins_in_any_order():
    told: list[Evidence] = []
    for tier in ("gold", "key"):
        working = Working()
        working.fact("cus_1", "tier", 7, tier)
        told.append(working.freeze())
    gold, key = told
    # MessagePack writes the longer text with the higher first byte.
    assert merge(gold, key) == merge(key, gold) == gold


@given(st.integers())
def test_integers_take_the_fewest_bytes(number: int):
    data = monoid.integer_bytes(number)
    assert int.from_bytes(data, "big", signed=True) == number
    assert len(data) == 1 or int.from_bytes(data[1:], "big", signed=True) != number
