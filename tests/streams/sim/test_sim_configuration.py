"""What the simulated API reads and changes: extensions, trunks, routes, numbers, backups, webhooks."""

import pytest

from streams.sim import SimOptions, SimulatedPbx


async def test_system_information(pbx, api):
    data = (await api.get("system/information"))["data"]
    assert data["sn"] == pbx.serial
    assert pbx.core.clock.parse(data["system_time"]) == data["timestamp"]


async def test_extension_list_shows_rows_and_pages(pbx, api):
    pbx.register("1002")
    answer = await api.get("extension/list", page=2, page_size=2, sort_by="number", order_by="asc")
    assert answer["total_number"] == 30
    assert [row["number"] for row in answer["data"]] == ["1002", "1003"]
    assert [row["online_status"]["sip_phone"]["status"] for row in answer["data"]] == [1, 0]


@pytest.mark.parametrize("query", [{"page": 0}, {"page_size": "many"}, {"sort_by": "nothing"}, {"order_by": "up"}])
async def test_bad_paging_is_40002(api, query):
    assert (await api.get("extension/list", **query))["errcode"] == 40002


async def test_extension_search_query_and_get(api):
    found = (await api.get("extension/search", search_value="walsh"))["data"]
    assert [row["number"] for row in found] == ["1007"]
    several = (await api.get("extension/query", ids="1,2"))["data"]
    assert [row["number"] for row in several] == ["1000", "1001"]
    one = (await api.get("extension/get", id=found[0]["id"]))["data"]
    assert (one["number"], one["disable_outb_call"], one["max_outb_call_duration"]) == ("1007", 0, -1)
    assert "reg_password" not in one
    assert (await api.get("extension/get", id=999))["errcode"] == 60001
    assert (await api.get("extension/get"))["errcode"] == 40002


async def test_extension_update_changes_known_fields_and_ignores_others(pbx, api):
    answer = await api.post("extension/update", id=8, disable_outb_call=1, reg_password="Xk29vbTq", nonsense=5)
    assert answer == {"errcode": 0, "errmsg": "SUCCESS"}
    assert (await api.get("extension/get", id=8))["data"]["disable_outb_call"] == 1
    assert (await api.get("extension/getpassword", id=8))["data"]["reg_password"] == "Xk29vbTq"
    assert pbx.extension("1007").number == "1007"


@pytest.mark.parametrize(
    "fields",
    [
        {"reg_password": "short"},
        {"disable_outb_call": 2},
        {"max_outb_call_duration": "x"},
        {"reg_name": "n" * 64},
    ],
)
async def test_extension_update_with_wrong_values_is_40002_and_changes_nothing(pbx, api, fields):
    before = pbx.extension("1007")
    assert (await api.post("extension/update", id=8, **fields))["errcode"] == 40002
    assert pbx.extension("1007") == before


async def test_disable_outb_call_may_be_unknown_to_the_firmware(api_of):
    async with SimulatedPbx(SimOptions(accept_disable_outb_call=False, speed=200)) as pbx, api_of(pbx) as api:
        assert (await api.post("extension/update", id=1, disable_outb_call=1))["errcode"] == 0
        assert "disable_outb_call" not in (await api.get("extension/get", id=1))["data"]
        pbx.register("1000")
        assert pbx.dial("1000", "912125550147").placed


async def test_route_update_replaces_lists(api):
    route = (await api.get("outbound_route/get", id=2))["data"]
    one = [member for member in route["ext_list"] if member["ext_number"] == "1000"]
    assert (await api.post("outbound_route/update", id=2, ext_list=one))["errcode"] == 0
    changed = (await api.get("outbound_route/get", id=2))["data"]
    assert changed == route | {"ext_list": one}
    assert (await api.post("outbound_route/update", id=2, ext_list=route["ext_list"]))["errcode"] == 0
    assert (await api.get("outbound_route/get", id=2))["data"] == route


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"pin_protect": "single_pin"}, 40002),
        ({"pin_protect": "single_pin", "pin": "12x4"}, 40002),
        ({"pin_protect": "pin_list"}, 40002),
        ({"pin_protect": "often"}, 40002),
        ({"name": "National"}, 40003),
        ({"pin_protect": "single_pin", "pin": "1234"}, 0),
        ({"pin_protect": "pin_list", "pin_list": 1}, 0),
    ],
)
async def test_route_update_checks_its_fields(api, fields, errcode):
    assert (await api.post("outbound_route/update", id=2, **fields))["errcode"] == errcode


async def test_blocked_numbers_life(api):
    rule = {"name": "Fraud", "limit_type": "outbound", "number_list": "9011252.&00252."}
    created = await api.post("block_numbers/create", **rule)
    assert (await api.get("block_numbers/get", id=created["id"]))["data"] == rule | {"id": created["id"]}
    assert (await api.post("block_numbers/create", **rule))["errcode"] == 40003
    assert (await api.post("block_numbers/update", id=created["id"], limit_type="both"))["errcode"] == 0
    assert (await api.get("block_numbers/search", search_value="Fraud"))["data"][0]["limit_type"] == "both"
    assert (await api.get("block_numbers/query", ids=str(created["id"])))["total_number"] == 1
    assert (await api.get("block_numbers/delete", id=created["id"]))["errcode"] == 0
    assert (await api.get("block_numbers/delete", id=created["id"]))["errcode"] == 60001
    assert (await api.post("block_numbers/create", name="No numbers"))["errcode"] == 40002
    again = await api.post("block_numbers/create", **rule)
    assert again["id"] > created["id"]


async def test_trunk_update_keeps_what_is_not_given(api):
    before = (await api.get("trunk/get", id=1))["data"]
    assert (await api.post("trunk/update", id=1, enable=0))["errcode"] == 0
    assert (await api.get("trunk/get", id=1))["data"] == before | {"enable": 0}
    assert (await api.get("trunk/query", ids="1,2"))["total_number"] == 2
    assert [row["enable"] for row in (await api.get("trunk/list"))["data"]] == [0, 1]
    assert "password" not in before


async def test_pin_lists_and_roles(api):
    assert (await api.get("pin_list/list"))["data"] == [{"id": 1, "name": "Travellers"}]
    assert (await api.get("pin_list/get", id=1))["data"]["pins"] == ["48151", "62342"]
    roles = (await api.get("system/get_menuoptions"))["data"]["role_list"]
    assert roles[0] == {"id": 1, "name": "Super Administrator"}


async def test_backup_runs_and_finishes(api, pbx, until):
    created = await api.post("backup/create")
    await until(lambda: pbx.core.backups.status(pbx.core.backups.made[0]) == "success")
    assert (await api.get("backup/getstatus", id=created["id"]))["data"]["status"] == "success"
    assert (await api.get("backup/list"))["total_number"] == 1
    assert (await api.get("backup/getstatus", id=9))["errcode"] == 60001


async def test_webhook_settings_round_trip(api):
    entry = {
        "url": "http://127.0.0.1:9/x",
        "secret": "s" * 32,
        "request_method": "POST",
        "event_ids": [30012],
    }
    assert (await api.post("webhook/update", webhook_event_push_list=[entry]))["errcode"] == 0
    data = (await api.get("webhook/query"))["data"]
    assert data["webhook_event_push_list"] == [entry]
    assert (data["webhook_event_push_timeout"], data["webhook_event_push_retry_count"]) == (5, 3)
    assert (await api.post("webhook/update", webhook_event_push_list=[entry] * 6))["errcode"] == 40002
    assert (await api.post("webhook/update", webhook_event_push_list=[{}]))["errcode"] == 40002


async def test_status_monitor_decides_which_events_are_pushed(api, pbx):
    assert (await api.get("extension_status_monitor/list"))["total_number"] == 30
    assert (await api.post("extension_status_monitor/update", ids=[1]))["errcode"] == 0
    assert (await api.post("trunk_status_monitor/update", ids=[]))["errcode"] == 0
    assert (await api.post("trunk_status_monitor/update", ids="1"))["errcode"] == 40002
    pbx.register("1000")
    pbx.register("1001")
    assert [m["extension"] for event, m in pbx.events if event == 30007] == ["1000"]
    pbx.dial("1000", "912125550147")
    members = next(m["members"] for event, m in pbx.events if event == 30011)
    assert [list(member) for member in members] == [["extension"]]
