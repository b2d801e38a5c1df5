"""Calls that are up: look, hang up, dial, play a prompt."""

from streams.sim.api.endpoint import Answer, QueryParams, bad_parameter, endpoint, found, not_found
from streams.sim.core import PbxCore
from streams.sim.telephony.sim_call import CallPlan

_PROMPT = CallPlan(ring=3, talk=15)
_UNHEARD = CallPlan(ring=20, result="no_answer")


@endpoint("GET", "call/query")
def query_calls(core: PbxCore, params: QueryParams) -> Answer:
    """Calls by `call_id`, `extension` or `type` (all without any); 60001 when there is none."""
    wanted = {name: params.text(name, "") for name in ("call_id", "extension", "type")}
    rows = [
        call.state()
        for call in core.calls.up.values()
        if wanted["call_id"] in ("", call.call_id)
        and (not wanted["extension"] or wanted["extension"] in call.extensions)
        and wanted["type"] in ("", call.kind.lower())
    ]
    if not rows:
        raise not_found()
    return {"data": rows}


@endpoint("POST", "call/hangup")
def hang_up(core: PbxCore, params: QueryParams) -> Answer:
    """End the call that `channel_id` belongs to, at once."""
    call = core.calls.hang_up(params.text("channel_id"))
    if call is None:
        raise not_found()
    return {"call_id": call.call_id}


@endpoint("POST", "call/dial")
def dial(core: PbxCore, params: QueryParams) -> Answer:
    """Connect `caller` (an extension with a device) to `callee`; a refusal comes as event 30015."""
    caller = found(core.settings.extension(params.text("caller")))
    if not core.registrar.contacts(caller.number):
        raise not_found()
    return {"call_id": core.calls.place(caller, params.text("callee")).call_id}


@endpoint("POST", "call/play_prompt")
def play_prompt(core: PbxCore, params: QueryParams) -> Answer:
    """Play `prompts` to `number`; an outside number needs the extension `dial_permission`."""
    prompts, number = params.values.get("prompts"), params.text("number")
    if not isinstance(prompts, list) or not prompts or not all(isinstance(p, str) for p in prompts):
        raise bad_parameter()
    permission = core.settings.extension(params.text("dial_permission", ""))
    attempt = core.calls.prompt(number, permission, _UNHEARD if number in core.options.unanswered_numbers else _PROMPT)
    if not attempt.call_id:
        raise bad_parameter()
    core.prompts.append((number, tuple(prompts)))
    return {"call_id": attempt.call_id}
