"""What notebooks stand on: pandas frames of calls, findings and scores, other limits tried, and a map of the world."""

from streams.study.frames import Findings, calls, calls_of, destinations, findings, local
from streams.study.scores import others, scores
from streams.study.tuning import tuned
from streams.study.world import draw

__all__ = ["Findings", "calls", "calls_of", "destinations", "draw", "findings", "local", "others", "scores", "tuned"]
