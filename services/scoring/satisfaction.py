"""Satisfaction S: service quality, times what every complaint episode has left of it."""

import math

import msgspec

from services.scoring.contributions import Share
from services.scoring.quality import HUNDRED, Quality, quality
from services.scoring.reading import Reading
from services.scoring.recovery import Episode, episodes


class Satisfaction(msgspec.Struct, frozen=True):
    """`score` 0 to 100; `presumed` when neither a rating nor a complaint says anything."""

    score: float
    episodes: tuple[Episode, ...]
    presumed: bool


def satisfaction(reading: Reading) -> tuple[Quality, Satisfaction, list[Share]]:
    """Q, S, and S's lines in units of 1: the lines of Q, then each episode's share of what was lost."""
    found, shares = quality(reading)
    lost = episodes(reading)
    score = found.score
    for episode in lost:
        score *= episode.factor
    logs = [math.log(episode.factor) for episode in lost]
    drop = (score - found.score) / HUNDRED
    for episode, log in zip(lost, logs, strict=True):
        kind = "complaint" if episode.complaint else "silence"
        shares.append(Share(kind, drop * log / sum(logs), episode.complaint, episode.since))
    return found, Satisfaction(score, tuple(lost), found.presumed and not lost), shares
