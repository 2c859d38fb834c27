"""A scoring policy: every number of an assessment, in one versioned document. Shape as in default_policy.toml."""

from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, Struct

from services.customer.contract import Kind
from services.scoring.refold import Refold
from shared.money import MINOR_UNITS

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
NotNegative = Annotated[float, Meta(ge=0)]
Days = Annotated[int, Meta(gt=0, le=36_500)]
Element = Literal["reliability", "responsiveness", "assurance", "empathy", "tangibles"]
Weights = dict[Element, NotNegative]
BONDS = ("social", "behavioural", "depth", "satisfaction", "trust", "breadth", "tenure", "advocacy", "knowledge")
ELEMENTS: tuple[Element, ...] = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the policy's sections: a misspelt number is refused, never ignored."""


class BondWeights(Part, frozen=True):
    social: Share
    behavioural: Share
    depth: Share
    satisfaction: Share
    trust: Share
    breadth: Share
    tenure: Share
    advocacy: Share
    knowledge: Share

    def of(self, bond: str) -> float:
        return getattr(self, bond)


class Bands(Part, frozen=True):
    occasional: float
    close: float


class Strength(Part, frozen=True):
    weights: BondWeights
    bands: Bands


class HalfLives(Part, frozen=True):
    social: Days
    trust: Days
    knowledge: Days
    advocacy: Days
    rating: Days
    balance: Days
    balance_long: Days
    external: Days
    external_long: Days
    complaint_minor: Days
    complaint_major: Days
    complaint_critical: Days


class Social(Part, frozen=True):
    period_days: Literal[7]
    two_way: NotNegative
    one_way: NotNegative
    care: NotNegative
    visit: NotNegative
    one_way_cap: NotNegative
    scale: Positive
    fatigue_free: Positive


class Trust(Part, frozen=True):
    alpha: Positive
    beta: Positive
    broken_weight: NotNegative


class Breadth(Part, frozen=True, dict=True):
    scale: Positive
    families: dict[str, tuple[str, ...]]

    @cached_property
    def family(self) -> dict[str, str]:
        """Product → its family."""
        return {product: family for family, products in self.families.items() for product in products}


class Depth(Part, frozen=True):
    marks: dict[Kind, tuple[Positive, Positive]]


class Behavioural(Part, frozen=True):
    windows: Annotated[tuple[Days, ...], Meta(min_length=1)]
    enough: Positive
    full_share: Positive
    kappa: Positive
    prior_days: Positive
    usual_per_day_personal: Positive
    usual_per_day_other: Positive
    floor_days: Positive

    def usual(self, kind: str) -> float:
        return self.usual_per_day_personal if kind == "personal" else self.usual_per_day_other


class Knowledge(Part, frozen=True):
    scale: Positive


class Advocacy(Part, frozen=True):
    scale: Positive
    converted: NotNegative
    praise: NotNegative
    recorded: NotNegative
    recorded_cap: NotNegative


class Tenure(Part, frozen=True):
    full_years: Positive


class Quality(Part, frozen=True):
    """`mu` for every element, or by element; `segments` are element weights by kind of customer."""

    kappa: Positive
    mu: Annotated[float, Meta(ge=0, le=100)] | dict[Element, Annotated[float, Meta(ge=0, le=100)]]
    weights: Weights
    sources: dict[str, Share]
    technical: tuple[Element, ...]
    evidence_min: NotNegative
    segments: dict[Kind, Weights] = {}

    def mean(self, element: Element) -> float:
        return self.mu[element] if isinstance(self.mu, dict) else self.mu


class Recovery(Part, frozen=True):
    silent: tuple[float, float]
    unresolved: tuple[float, float]
    resolved: tuple[float, float]
    quick: tuple[float, float]
    quick_days: Annotated[int, Meta(ge=0)]
    silent_bad: Annotated[int, Meta(ge=0, le=100)]
    silent_good: Annotated[int, Meta(ge=0, le=100)]
    silent_wait_days: Annotated[int, Meta(ge=0)]
    lapse_days: Annotated[int, Meta(ge=0)]
    major_loss: NotNegative


class Attitude(Part, frozen=True):
    satisfaction: Share
    main_bank: Share
    advocacy: Share


class Loyalty(Part, frozen=True):
    attitude: Attitude
    main_bank_families: Positive
    high_attitude: Share
    high_patronage: Share
    window_days: Days
    gone_prior: Share


class Stage(Part, frozen=True):
    new_days: Days
    loyal_years: NotNegative
    lapsed_days: Days
    returned_days: Days


class Lifetime(Part, frozen=True):
    kind: Literal["active", "purchase"]
    unit_days: Days
    min_dropout: Share
    min_repeaters_below_99: Share
    max_rmse_ratio: Positive


class Pareto(Part, frozen=True):
    A: Share
    B: Share


class Value(Part, frozen=True):
    spread_per_year: dict[str, float]
    margin_per_transaction: float
    discount_per_year: NotNegative
    acquisition_multiple: NotNegative
    cost_per_contact: dict[str, NotNegative]
    pareto: Pareto


class Cadence(Part, frozen=True):
    gold: Days
    key: Days
    quasi_key: Days
    ordinary: Days
    marginal: Days

    def of(self, tier: str) -> int:
        return getattr(self, tier)


class Signals(Part, frozen=True):
    silence_odds: Share
    silence_min_days: Days
    voice_min_days: Days
    voice_quiet_days: Days
    voice_retained: Share
    outflow_retained: Share
    outflow_excess: float
    strength_drop: NotNegative
    strength_drop_days: Days
    maturity_near_days: Days
    single_thread_min_contacts: Days
    over_served_factor: Positive
    over_served_gain: NotNegative
    uncovered_grace_days: Annotated[int, Meta(ge=0)]
    overdue_grace_days: Annotated[int, Meta(ge=0)]
    unconfirmed_weeks: Days
    unconfirmed_days: Days


class VoiceRate(Part, frozen=True):
    minor: Share
    major: Share


class Policy(Part, frozen=True, dict=True):
    """The whole document. `data_from` is the first day of the bank's data, where its history begins later."""

    version: Annotated[str, Meta(min_length=1, max_length=100)]
    base_currency: str
    publish_step: NotNegative
    strength: Strength
    half_life_days: HalfLives
    social: Social
    trust: Trust
    breadth: Breadth
    depth: Depth
    behavioural: Behavioural
    knowledge: Knowledge
    advocacy: Advocacy
    tenure: Tenure
    quality: Quality
    recovery: Recovery
    loyalty: Loyalty
    stage: Stage
    lifetime: Lifetime
    value: Value
    cadence_days: Cadence
    signals: Signals
    rates: dict[str, Positive]
    voice_rate: VoiceRate
    data_from: date | None = None

    @cached_property
    def _units(self) -> dict[str, float]:
        return {code: rate / 10 ** MINOR_UNITS[code] for code, rate in self.rates.items()}

    def units(self, amount_minor: float, currency: str) -> float:
        """Minor units of a currency as whole units of the base currency; 0 where the policy knows no rate."""
        return amount_minor * self._units.get(currency, 0.0)

    def refold(self, zone_name: str) -> Refold:
        """What the evidence depends on: two policies with equal refold parameters read the same evidence."""
        half = self.half_life_days
        families = self.breadth.families
        bought = {product for family in ("term", "wealth", "insurance") for product in families.get(family, ())}
        return Refold(
            zone_name=zone_name,
            balance=_distinct(half.balance, half.balance_long),
            external=_distinct(half.external, half.external_long),
            rating=(half.rating,),
            trust=(half.trust,),
            advocacy=(half.advocacy,),
            silent_bad=self.recovery.silent_bad,
            silent_good=self.recovery.silent_good,
            purchase_products=frozenset(bought),
        )


def _distinct(*half_lives: int) -> tuple[int, ...]:
    return tuple(sorted(set(half_lives)))
