"""Call detail records: list and search."""

from streams.sim.api.endpoint import Answer, QueryParams, bad_parameter, endpoint, page
from streams.sim.core import PbxCore
from streams.sim.telephony.cdr import Row


@endpoint("GET", "cdr/list")
def list_records(core: PbxCore, params: QueryParams) -> Answer:
    """Every record, newest first unless asked otherwise."""
    return page(core.cdrs.rows, params, "id", "desc")


@endpoint("GET", "cdr/search")
def search_records(core: PbxCore, params: QueryParams) -> Answer:
    """Records between `start_time` and `end_time` (display format), by caller, callee, status."""
    start = _bound(core, params.text("start_time", ""), float("-inf"))
    end = _bound(core, params.text("end_time", ""), float("inf"))
    fuzzy = params.integer("enable_fuzzy_search", 0) == 1
    wanted = {
        "call_from_number": params.text("call_from", ""),
        "call_to_number": params.text("call_to", ""),
        "disposition": params.text("status", ""),
    }
    rows = [row for row in core.cdrs.rows if start <= _seconds(row) <= end and _fits(row, wanted, fuzzy)]
    return page(rows, params, "id", "desc")


def _bound(core: PbxCore, text: str, default: float) -> float:
    if not text:
        return default
    try:
        return float(int(text)) if core.options.cdr_epoch_bounds else core.clock.parse(text)
    except ValueError as error:
        raise bad_parameter() from error


def _seconds(row: Row) -> float:
    return float(str(row["timestamp"]))


def _fits(row: Row, wanted: dict[str, str], fuzzy: bool) -> bool:
    for name, value in wanted.items():
        have = str(row[name])
        if value and not (value in have if fuzzy else value == have):
            return False
    return True
