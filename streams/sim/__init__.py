"""A simulated Yeastar P-Series PBX: real HTTP, WebSocket and webhooks, an office, and attacks on it."""

from streams.sim.options import SimOptions, SimWebhook
from streams.sim.simulated_pbx import SimulatedPbx, serve
from streams.sim.telephony.sim_call import Attempt, CallPlan, SimCall

__all__ = ["Attempt", "CallPlan", "SimCall", "SimOptions", "SimWebhook", "SimulatedPbx", "serve"]
