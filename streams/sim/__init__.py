"""A simulated Yeastar P-Series PBX: real HTTP, WebSocket and webhooks, an office, and attacks on it."""

from streams.sim.call import Attempt, Call, Plan
from streams.sim.options import SimOptions, Webhook
from streams.sim.pbx import SimulatedPbx, serve

__all__ = ["Attempt", "Call", "Plan", "SimOptions", "SimulatedPbx", "Webhook", "serve"]
