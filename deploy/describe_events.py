"""Write what is generated from the contracts: `python -m deploy.describe_events`.

Documents are written anew. A golden file, once there, is never changed: it is what a past release has recorded.
"""

import json
import tomllib
from pathlib import Path

import msgspec

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from services.scoring import contract as scoring
from shared.asyncapi import asyncapi, event_schema
from shared.codec import Codec, Contract
from shared.examples import example

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS: tuple[Contract, ...] = (customer, interaction, complaint, scoring)
GOLDEN = ROOT / "tests" / "compat"


def documents() -> dict[Path, str]:
    """Every generated document: path from the root of the repository → text."""
    codec = Codec(CONTRACTS)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    api = Path("docs") / "api"
    schemas = {
        api / "events" / f"{event.name}.v{event.schema}.json": json.dumps(event_schema(event), indent=2) + "\n"
        for event in codec.events
    }
    return {api / "asyncapi.yaml": asyncapi(codec, version), **schemas}


def goldens() -> dict[Path, bytes]:
    """The file of every current event and schema: path under the golden folder → what the code records today."""
    return {
        Path(contract.LOG) / f"{name}.v{schema}.json": msgspec.json.encode(example(struct)) + b"\n"
        for contract in CONTRACTS
        for name, schema, struct, _ in contract.EVENTS
    }


def main() -> None:
    """Write the documents, and the golden files that are missing."""
    events = ROOT / "docs" / "api" / "events"
    written = documents()
    for stale in events.glob("*.json"):
        if stale.relative_to(ROOT) not in written:
            stale.unlink()
    for path, text in written.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
    for path, data in goldens().items():
        if not (GOLDEN / path).exists():
            (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / path).write_bytes(data)


if __name__ == "__main__":
    main()
