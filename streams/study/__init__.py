"""What notebooks stand on: pandas frames of calls, findings and scores, other limits tried, and a map of the world."""

from streams.study.frames import Findings, calls, calls_of, destinations, findings, local
from streams.study.past import Past, opened
from streams.study.pictures import BAD, FAINT, STYLE, USUAL, WARNED
from streams.study.scoring import PARTS, others, scores
from streams.study.tuning import tuned
from streams.study.world import draw

__all__ = [
    "BAD", "FAINT", "PARTS", "STYLE", "USUAL", "WARNED", "Findings", "Past", "calls", "calls_of", "destinations",
    "draw", "findings", "local", "opened", "others", "scores", "tuned",
]  # fmt: skip
