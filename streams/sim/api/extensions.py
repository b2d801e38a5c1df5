"""Extensions: list, search, read, change; and which of them push status events."""

from streams.sim.api.endpoint import Answer, QueryParams, bad_parameter, changed, endpoint, found, ids, page
from streams.sim.core import PbxCore
from streams.sim.settings import EXTENSION_PORTAL_ONLY, EXTENSION_SECRETS, SimExtension

ROLES = (
    "Super Administrator",
    "Administrator",
    "Supervisor",
    "Operator",
    "Employee",
    "Human Resource",
    "Accounting",
    "Hotel Manager",
)


@endpoint("GET", "extension/list")
def list_extensions(core: PbxCore, params: QueryParams) -> Answer:
    """Every extension, with what is registered for it."""
    return page((_row(core, e) for e in core.settings.extensions), params, "id")


@endpoint("GET", "extension/search")
def search_extensions(core: PbxCore, params: QueryParams) -> Answer:
    """Extensions whose number, name or e-mail address contains `search_value`."""
    wanted = params.text("search_value", "").lower()
    hits = (
        _row(core, e)
        for e in core.settings.extensions
        if wanted in e.number or wanted in e.name.lower() or wanted in e.email_addr
    )
    return page(hits, params, "id")


@endpoint("GET", "extension/get")
def get_extension(core: PbxCore, params: QueryParams) -> Answer:
    """One extension by `id`, without its passwords."""
    return {"data": _shown(core, found(core.settings.extensions.get(params.integer("id"))))}


@endpoint("GET", "extension/query")
def query_extensions(core: PbxCore, params: QueryParams) -> Answer:
    """Several extensions by `ids`."""
    rows = [_shown(core, e) for e in map(core.settings.extensions.get, ids(params)) if e is not None]
    return {"total_number": len(rows), "data": rows}


@endpoint("GET", "extension/getpassword")
def get_password(core: PbxCore, params: QueryParams) -> Answer:
    """The registration name and password of one extension by `id`."""
    extension = found(core.settings.extensions.get(params.integer("id")))
    return {"data": {"reg_name": extension.reg_name, "reg_password": extension.reg_password}}


@endpoint("POST", "extension/update")
def update_extension(core: PbxCore, params: QueryParams) -> Answer:
    """Change some fields of one extension; what the firmware does not know is ignored."""
    fixed = EXTENSION_PORTAL_ONLY | {"number"} | _unknown(core)
    core.settings.extensions.put(changed(core.settings.extensions.get(params.integer("id")), params, frozenset(fixed)))
    return {}


@endpoint("GET", "extension_status_monitor/list")
def list_monitored(core: PbxCore, params: QueryParams) -> Answer:
    """Which extensions push status events."""
    watched = core.settings.watched_extensions
    rows = ({"id": e.id, "number": e.number} for e in core.settings.extensions if e.id in watched)
    return page(rows, params, "id")


@endpoint("POST", "extension_status_monitor/update")
def update_monitored(core: PbxCore, params: QueryParams) -> Answer:
    """Tick exactly the extensions of `ids`."""
    core.settings.watched_extensions = id_set(params)
    return {}


def id_set(params: QueryParams) -> set[int]:
    """The `ids` list of a POST, all numbers."""
    wanted = params.values.get("ids")
    if not isinstance(wanted, list) or not all(type(item) is int for item in wanted):
        raise bad_parameter()
    return set(wanted)


def _unknown(core: PbxCore) -> frozenset[str]:
    return frozenset() if core.options.accept_disable_outb_call else frozenset({"disable_outb_call"})


def _shown(core: PbxCore, extension: SimExtension) -> Answer:
    hidden = EXTENSION_PORTAL_ONLY | EXTENSION_SECRETS | _unknown(core)
    return extension.model_dump(mode="json", exclude=set(hidden)) | _row(core, extension)


def _row(core: PbxCore, extension: SimExtension) -> Answer:
    kinds = [contact.kind for contact in core.registrar.contacts(extension.number)]
    phones = [
        {"ext_dev_type": contact.user_agent, "ip": contact.source_ip}
        for contact in core.registrar.contacts(extension.number)
        if contact.kind == "Sip"
    ]
    return {
        "id": extension.id,
        "number": extension.number,
        "caller_id_name": extension.name,
        "email_addr": extension.email_addr,
        "mobile_number": extension.mobile_number,
        "role_name": ROLES[extension.role_id - 1] if 0 < extension.role_id <= len(ROLES) else "",
        "presence_status": extension.presence_status,
        "custom_presence_status": "",
        "online_status": {
            "sip_phone": {
                "status": int(bool(phones)),
                "ext_dev_type": phones[-1]["ext_dev_type"] if phones else "",
                "status_list": phones,
            },
            "linkus_desktop": {"status": int("Desktop" in kinds)},
            "linkus_mobile": {"status": int("Mobile" in kinds)},
            "linkus_web": {"status": int("Web" in kinds)},
        },
    }
