from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring import evidence as monoid
from services.scoring.as_of import evidence_as_of, known
from services.scoring.assess import Assessment, assess
from services.scoring.calendar import local_day
from services.scoring.delta import parts
from services.scoring.evidence import merge
from services.scoring.explain import explain
from services.scoring.policy_document import default_policy
from services.scoring.row import Fold, Row
from services.scoring.standing import standing
from support.events import ZONE, History
from support.histories import histories, retracted

POLICY = default_policy()
REFOLD = POLICY.refold("Asia/Shanghai")
seeds = st.integers(0, 1_000_000)


def live(history: History) -> Row:
    folding = Fold(REFOLD)
    for envelope in history.envelopes:
        folding.apply(envelope)
    return folding.freeze()


def now(history: History) -> datetime:
    return max(envelope.recorded_at for envelope in history.envelopes)


def assessed(history: History, day: int) -> Assessment:
    return assess(live(history).evidence, POLICY, day, history.key)


@settings(deadline=None)
@given(history=histories)
def test_as_of_now_is_the_live_assessment(history: History):
    at = now(history)
    refolded = evidence_as_of(history.envelopes, REFOLD, as_of=at, known_at=at)
    assert monoid.encode(refolded) == monoid.encode(live(history).evidence)
    assert monoid.encode(evidence_as_of(history.envelopes, REFOLD)) == monoid.encode(refolded)
    day = local_day(at, ZONE)
    assert assess(refolded, POLICY, day, history.key) == assessed(history, day)


@settings(deadline=None)
@given(history=histories, back=st.integers(0, 900))
def test_as_of_is_a_fold_of_what_happened_by_then(history: History, back: int):
    at = now(history) - timedelta(days=back)
    oracle = merge(
        *(
            part.evidence
            for envelope in retracted(history.envelopes)
            for part in parts(envelope, REFOLD)
            if part.admitted(at, REFOLD)
        )
    )
    assert evidence_as_of(history.envelopes, REFOLD, as_of=at) == oracle


@settings(deadline=None)
@given(history=histories, back=st.integers(0, 900))
def test_known_at_is_the_live_fold_of_that_moment(history: History, back: int):
    at = now(history) - timedelta(days=back)
    folding = Fold(REFOLD)
    for envelope in history.envelopes:
        if envelope.recorded_at <= at:
            folding.apply(envelope)
    assert evidence_as_of(history.envelopes, REFOLD, known_at=at) == folding.freeze().evidence


@settings(deadline=None)
@given(history=histories, later=st.integers(0, 400))
def test_contributions_add_up_exactly(history: History, later: int):
    assessment = assessed(history, local_day(now(history), ZONE) + later)
    assert sum(bond.points for bond in assessment.bonds) == assessment.strength
    assert 0 <= assessment.strength <= 1_000_000
    for bond in assessment.bonds:
        assert 0 <= bond.value <= 1
        assert abs(bond.points - 1_000_000 * bond.weight * bond.value) < 1
        assert sum(line.points for line in bond.lines) == bond.points


@settings(deadline=None)
@given(history=histories, back=st.integers(0, 300), seed=seeds)
def test_explanations_add_up_exactly_down_to_the_event(history: History, back: int, seed: int):
    at = now(history) - timedelta(days=back)
    timeline = list(known(history.envelopes, at))
    Random(seed).shuffle(timeline)
    evidence = evidence_as_of(timeline, REFOLD, as_of=at)
    assessment = assess(evidence, POLICY, local_day(at, ZONE), history.key)
    events = standing(timeline, REFOLD, at)
    for explained, bond in zip(explain(assessment, evidence, POLICY, events), assessment.bonds, strict=True):
        assert tuple(line.line for line in explained.lines) == bond.lines
        for line in explained.lines:
            assert sum(event.points for event in line.events) + line.rest == line.line.points
            named = line.line.prior or line.line.kind in {"balance", "money_left"} or line.events
            assert named, line


@settings(deadline=None)
@given(history=histories, later=st.integers(0, 400))
def test_a_retraction_leaves_the_assessment_without_the_event(history: History, later: int):
    day = local_day(now(history), ZONE) + later
    without = History()
    without.envelopes = retracted(history.envelopes)
    assert assessed(history, day) == assess(evidence_as_of(without.envelopes, REFOLD), POLICY, day, history.key)


@settings(deadline=None)
@given(history=histories, seed=seeds)
def test_the_order_of_folding_does_not_move_the_assessment(history: History, seed: int):
    day = local_day(now(history), ZONE)
    shuffled = history.envelopes[:]
    Random(seed).shuffle(shuffled)
    stored = monoid.decode(monoid.encode(evidence_as_of(shuffled, REFOLD)))
    assert assess(stored, POLICY, day, history.key) == assessed(history, day)


def test_an_empty_history_is_assessed_by_assumptions_alone():
    day = local_day(datetime(2026, 1, 1, tzinfo=UTC), ZONE)
    assessment = assess(Row().evidence, POLICY, day, "cus_nobody")
    assert assessment.strength == 182_500
    assert assessment.known == 0
    assert all(line.prior for bond in assessment.bonds for line in bond.lines)
