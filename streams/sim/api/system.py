"""The system: information, menu options, backups, webhook settings."""

from streams.sim import webhooks
from streams.sim.api.endpoint import Answer, QueryParams, endpoint, not_found, page, validated
from streams.sim.api.extensions import ROLES
from streams.sim.core import PbxCore
from streams.sim.weaknesses import OLD_FIRMWARE
from streams.sim.webhooks import WebhookSettings


@endpoint("GET", "system/information")
def information(core: PbxCore, params: QueryParams) -> Answer:
    """Name, model, serial number, firmware, time and its display format."""
    now = core.clock.now()
    return {
        "data": {
            "device_name": core.options.device_name,
            "model_name": core.options.model_name,
            "sn": core.options.serial,
            "firmware_version": OLD_FIRMWARE if "C01" in core.options.weak else core.options.firmware_version,
            "system_time": core.clock.display(now),
            "up_time": int(now - core.started_at),
            "system_date_format": core.options.date_format,
            "system_time_format": core.clock.time_format_name,
            "timestamp": int(now),
        }
    }


@endpoint("GET", "system/get_menuoptions")
def menu_options(core: PbxCore, params: QueryParams) -> Answer:
    """What may be chosen in menus: the roles."""
    return {"data": {"role_list": [{"id": number, "name": name} for number, name in enumerate(ROLES, 1)]}}


@endpoint("POST", "backup/create")
def create_backup(core: PbxCore, params: QueryParams) -> Answer:
    """Start a backup."""
    return {"id": core.backups.create(params.text("file_name", "")).id}


@endpoint("GET", "backup/list")
def list_backups(core: PbxCore, params: QueryParams) -> Answer:
    """Every backup."""
    return page((core.backups.shown(b) for b in core.backups.made), params, "id", "desc")


@endpoint("GET", "backup/getstatus")
def backup_status(core: PbxCore, params: QueryParams) -> Answer:
    """Whether the backup `id` is `running` or a `success`."""
    backup = next((b for b in core.backups.made if b.id == params.integer("id")), None)
    if backup is None:
        raise not_found()
    return {"data": {"id": backup.id, "status": core.backups.status(backup)}}


@endpoint("GET", "webhook/query")
def query_webhooks(core: PbxCore, params: QueryParams) -> Answer:
    """The settings of Webhook Event Push."""
    return {"data": webhooks.shown(core.webhooks, core.options)}


@endpoint("POST", "webhook/update")
def update_webhooks(core: PbxCore, params: QueryParams) -> Answer:
    """Change the settings of Webhook Event Push; the list given replaces the old list."""
    core.webhooks = validated(WebhookSettings, core.webhooks.model_dump() | dict(params.values))
    return {}
