"""Trunks, outbound routes, groups of extensions, blocked numbers and PIN lists."""

from streams.sim.api.endpoint import Answer, ApiError, QueryParams, changed, endpoint, found, ids, page, validated
from streams.sim.api.extensions import id_set
from streams.sim.core import PbxCore
from streams.sim.settings import TRUNK_HIDDEN, SimBlockedNumbers, SimTrunk


@endpoint("GET", "trunk/list")
def list_trunks(core: PbxCore, params: QueryParams) -> Answer:
    """Every trunk."""
    return page((_trunk_row(t) for t in core.settings.trunks), params, "id")


@endpoint("GET", "trunk/get")
def get_trunk(core: PbxCore, params: QueryParams) -> Answer:
    """One trunk by `id`."""
    return {"data": _trunk(found(core.settings.trunks.get(params.integer("id"))))}


@endpoint("GET", "trunk/query")
def query_trunks(core: PbxCore, params: QueryParams) -> Answer:
    """Several trunks by `ids`."""
    rows = [_trunk(t) for t in map(core.settings.trunks.get, ids(params)) if t is not None]
    return {"total_number": len(rows), "data": rows}


@endpoint("POST", "trunk/update")
def update_trunk(core: PbxCore, params: QueryParams) -> Answer:
    """Change some fields of one trunk."""
    old = core.settings.trunks.get(params.integer("id"))
    new = changed(old, params, frozenset({"capacity", "type"}))
    core.settings.trunks.put(new)
    if old is not None and old.enable and not new.enable:
        core.notices.post("sip_trunk_disconnect", trunk=new.name)
    return {}


@endpoint("GET", "trunk_status_monitor/list")
def list_monitored(core: PbxCore, params: QueryParams) -> Answer:
    """Which trunks push call events."""
    watched = core.settings.watched_trunks
    return page(({"id": t.id, "name": t.name} for t in core.settings.trunks if t.id in watched), params, "id")


@endpoint("POST", "trunk_status_monitor/update")
def update_monitored(core: PbxCore, params: QueryParams) -> Answer:
    """Tick exactly the trunks of `ids`."""
    core.settings.watched_trunks = id_set(params)
    return {}


@endpoint("GET", "outbound_route/list")
def list_routes(core: PbxCore, params: QueryParams) -> Answer:
    """Every outbound route."""
    return page(_routes(core), params, "id")


@endpoint("GET", "outbound_route/get")
def get_route(core: PbxCore, params: QueryParams) -> Answer:
    """One outbound route by `id`."""
    wanted = found(core.settings.routes.get(params.integer("id"))).id
    return {"data": next(row for row in _routes(core) if row["id"] == wanted)}


@endpoint("GET", "outbound_route/query")
def query_routes(core: PbxCore, params: QueryParams) -> Answer:
    """Several outbound routes by `ids`."""
    known = {row["id"]: row for row in _routes(core)}
    rows = [known[each] for each in ids(params) if each in known]
    return {"total_number": len(rows), "data": rows}


@endpoint("POST", "outbound_route/update")
def update_route(core: PbxCore, params: QueryParams) -> Answer:
    """Change some fields of one route; a list given replaces the old list."""
    new = changed(core.settings.routes.get(params.integer("id")), params)
    if any(r.name == new.name and r.id != new.id for r in core.settings.routes):
        raise _duplicate()
    core.settings.routes.put(new)
    return {}


@endpoint("GET", "extensiongroup/get")
def get_group(core: PbxCore, params: QueryParams) -> Answer:
    """One group of extensions by `id`; how its members are shown is our guess."""
    return {"data": found(core.settings.groups.get(params.integer("id"))).model_dump(mode="json")}


@endpoint("GET", "block_numbers/list")
def list_blocked(core: PbxCore, params: QueryParams) -> Answer:
    """Every blocked-number rule."""
    return page((r.model_dump() for r in core.settings.blocked_numbers), params, "id")


@endpoint("GET", "block_numbers/search")
def search_blocked(core: PbxCore, params: QueryParams) -> Answer:
    """Rules whose name or numbers contain `search_value`."""
    wanted = params.text("search_value", "")
    rules = core.settings.blocked_numbers
    return page((r.model_dump() for r in rules if wanted in r.name or wanted in r.number_list), params, "id")


@endpoint("GET", "block_numbers/get")
def get_blocked(core: PbxCore, params: QueryParams) -> Answer:
    """One rule by `id`."""
    return {"data": found(core.settings.blocked_numbers.get(params.integer("id"))).model_dump()}


@endpoint("GET", "block_numbers/query")
def query_blocked(core: PbxCore, params: QueryParams) -> Answer:
    """Several rules by `ids`."""
    rows = [r.model_dump() for r in map(core.settings.blocked_numbers.get, ids(params)) if r is not None]
    return {"total_number": len(rows), "data": rows}


@endpoint("POST", "block_numbers/create")
def create_blocked(core: PbxCore, params: QueryParams) -> Answer:
    """Add a rule; 40003 if its name is taken."""
    fresh = validated(SimBlockedNumbers, dict(params.values) | {"id": 0})
    _refuse_duplicate(core, fresh)
    return {"id": core.settings.blocked_numbers.add(lambda new: fresh.model_copy(update={"id": new})).id}


@endpoint("POST", "block_numbers/update")
def update_blocked(core: PbxCore, params: QueryParams) -> Answer:
    """Change some fields of one rule."""
    new = changed(core.settings.blocked_numbers.get(params.integer("id")), params)
    _refuse_duplicate(core, new)
    core.settings.blocked_numbers.put(new)
    return {}


@endpoint("GET", "block_numbers/delete")
def delete_blocked(core: PbxCore, params: QueryParams) -> Answer:
    """Remove one rule by `id`."""
    core.settings.blocked_numbers.remove(found(core.settings.blocked_numbers.get(params.integer("id"))).id)
    return {}


@endpoint("GET", "pin_list/list")
def list_pin_lists(core: PbxCore, params: QueryParams) -> Answer:
    """Every PIN list, without the PINs."""
    return page(({"id": p.id, "name": p.name} for p in core.settings.pin_lists), params, "id")


@endpoint("GET", "pin_list/get")
def get_pin_list(core: PbxCore, params: QueryParams) -> Answer:
    """One PIN list by `id`."""
    return {"data": found(core.settings.pin_lists.get(params.integer("id"))).model_dump(mode="json")}


def _trunk(trunk: SimTrunk) -> Answer:
    return trunk.model_dump(mode="json", exclude=set(TRUNK_HIDDEN))


def _trunk_row(trunk: SimTrunk) -> Answer:
    return {"id": trunk.id, "name": trunk.name, "type": trunk.type, "enable": trunk.enable}


def _routes(core: PbxCore) -> list[Answer]:
    """All routes as they are tried, each with its position."""
    shown = [route.model_dump(mode="json") for route in core.settings.routes]
    if not core.options.show_route_positions:
        return shown
    return [row | {"pos": position} for position, row in enumerate(shown, 1)]


def _refuse_duplicate(core: PbxCore, rule: SimBlockedNumbers) -> None:
    if any(r.name == rule.name and r.id != rule.id for r in core.settings.blocked_numbers):
        raise _duplicate()


def _duplicate() -> ApiError:
    return ApiError(40003, "DUPLICATE NAME")
