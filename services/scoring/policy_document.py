"""From a TOML document to a policy, and what a policy must never say."""

import math
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

import msgspec

from services.customer.contract import Kind
from services.scoring.policy import BONDS, ELEMENTS, Policy, Weights
from shared.money import MINOR_UNITS

WEIGHT_TOLERANCE = 1e-9


class PolicyError(ValueError):
    """A policy that cannot be used. `pointer` is a JSON pointer to what is wrong."""

    def __init__(self, code: str, detail: str, pointer: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer


def load(document: bytes) -> Policy:
    """A policy from TOML. Raises `PolicyError` for what is not TOML, has another shape, or contradicts itself."""
    try:
        raw = tomllib.loads(document.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError("not_toml", "A policy is a TOML document in UTF-8.", "") from error
    _check_finite(raw, "")
    try:
        policy = msgspec.convert(raw, Policy)
    except msgspec.ValidationError as error:
        raise PolicyError("invalid_policy", str(error).split(" - at ")[0], _pointer(str(error))) from error
    check(policy)
    return policy


def _check_finite(node: Any, pointer: str) -> None:
    if isinstance(node, dict):
        for name, child in cast("dict[str, Any]", node).items():
            _check_finite(child, f"{pointer}/{name}")
    elif isinstance(node, list):
        for index, child in enumerate(cast("list[Any]", node)):
            _check_finite(child, f"{pointer}/{index}")
    elif isinstance(node, float):
        _require(math.isfinite(node), "not_finite", "Every number of a policy is finite.", pointer)


def _pointer(message: str) -> str:
    _, found, path = message.partition("$.")
    return "/" + path.rstrip("`").replace(".", "/").replace("[", "/").replace("]", "") if found else ""


def check(policy: Policy) -> None:
    """Refuse numbers that are well-formed but cannot work together. Raises `PolicyError`."""
    _check_sums(policy)
    _check_marks(policy)
    _check_recovery(policy)
    _check_families(policy)
    bands = policy.strength.bands
    _require(0 < bands.occasional < bands.close < 100, "bands", "Bands rise within 0 and 100.", "/strength/bands")
    windows = policy.behavioural.windows
    _require(list(windows) == sorted(set(windows)), "windows", "Windows rise.", "/behavioural/windows")


def _check_sums(policy: Policy) -> None:
    weights = [policy.strength.weights.of(bond) for bond in BONDS]
    _require(_is_one(weights), "weight_sum", "The bonds' weights sum to 1.", "/strength/weights")
    attitude = policy.loyalty.attitude
    shares = (attitude.satisfaction, attitude.main_bank, attitude.advocacy)
    _require(_is_one(shares), "weight_sum", "The attitude's weights sum to 1.", "/loyalty/attitude")
    quality = policy.quality
    for pointer, table in (("/quality/weights", quality.weights), *_segments(quality.segments)):
        known = set(table) == set(ELEMENTS) and math.fsum(table.values()) > 0
        _require(known, "element_weights", "Every service element has a weight, and not all are 0.", pointer)
    if isinstance(quality.mu, dict):
        _require(set(quality.mu) == set(ELEMENTS), "means", "Every service element has a mean.", "/quality/mu")


def _segments(segments: Mapping[Kind, Weights]) -> Iterable[tuple[str, Weights]]:
    return ((f"/quality/segments/{kind}", table) for kind, table in segments.items())


def _is_one(shares: Iterable[float]) -> bool:
    return abs(math.fsum(shares) - 1) <= WEIGHT_TOLERANCE


def _check_marks(policy: Policy) -> None:
    _require("personal" in policy.depth.marks, "marks", "Marks for personal customers are needed.", "/depth/marks")
    for kind, (low, high) in policy.depth.marks.items():
        _require(high >= 2 * low, "marks", "The high mark is at least twice the low one.", f"/depth/marks/{kind}")
    _require(policy.base_currency in policy.rates, "no_rate", "The base currency has a rate.", "/rates")
    for code in policy.rates:
        _require(code in MINOR_UNITS, "unknown_currency", "Not an ISO 4217 currency code.", "/rates")


def _check_recovery(policy: Policy) -> None:
    recovery = policy.recovery
    rows = {
        "silent": recovery.silent,
        "unresolved": recovery.unresolved,
        "resolved": recovery.resolved,
        "quick": recovery.quick,
    }
    for name, row in rows.items():
        # p = 0 would make satisfaction 0 for ever and its share of the explanation infinite.
        _require(all(0 < p <= 1 for p in row), "recovery", "A share is above 0 and at most 1.", f"/recovery/{name}")
    rising = recovery.silent_bad < recovery.silent_good
    _require(rising, "recovery", "The bad mark is below the good one.", "/recovery/silent_bad")


def _check_families(policy: Policy) -> None:
    products = [product for family in policy.breadth.families.values() for product in family]
    once = len(products) == len(set(products))
    _require(once, "families", "A product belongs to one family.", "/breadth/families")


def _require(holds: bool, code: str, detail: str, pointer: str) -> None:
    if not holds:
        raise PolicyError(code, detail, pointer)


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """The product's own policy."""
    return load(files("services.scoring").joinpath("default_policy.toml").read_bytes())
