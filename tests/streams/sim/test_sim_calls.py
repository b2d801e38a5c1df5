"""How calls of the simulated PBX go, what stops them, and what they leave behind."""

import asyncio

import pytest

from streams.sim import CallPlan, SimOptions, SimulatedPbx
from streams.sim.telephony.dial_patterns import matches

ABROAD = "9011493090182000"
HOME = "912125550147"
UNTIL_HUNG_UP = CallPlan(ring=0, talk=None)


@pytest.mark.parametrize(
    ("pattern", "number", "fits"),
    [
        ("9011.", "90114930", True),
        ("9011.", "9011", False),
        ("9011!", "9011", True),
        ("X", "0", True),
        ("Z", "0", False),
        ("Z", "1", True),
        ("N", "1", False),
        ("N", "2", True),
        ("nxx", "212", True),
        ("[13-5]X", "40", True),
        ("[13-5]X", "20", False),
        ("+.", "+49", True),
        ("9NXX", "92123", False),
        ("[5-1]", "3", False),
        ("", "", False),
    ],
)
def test_number_patterns(pattern, number, fits):
    assert matches(pattern, number) is fits


def messages(pbx, event):
    return [message for number, message in pbx.events if number == event]


def statuses(message):
    return [next(iter(member.values()))["member_status"] for member in message["members"]]


def failure(pbx):
    return messages(pbx, 30015)[-1]["reason"]


async def test_outbound_call_runs_from_ringing_to_its_record(pbx):
    pbx.register("1000")
    call = pbx.dial("1000", ABROAD, plan=CallPlan(ring=1, talk=2)).call
    await call.over.wait()
    assert [statuses(m) for m in messages(pbx, 30011)] == [
        ["ALERT", "RING"],
        ["ANSWERED", "ANSWER"],
        ["BYE", "BYE"],
    ]
    extension, outbound = (next(iter(m.values())) for m in messages(pbx, 30011)[0]["members"])
    assert (extension["number"], outbound["from"], outbound["to"]) == ("1000", "1000", ABROAD)
    assert outbound["trunk_name"] == "carrier-a"
    assert [m["status"] for m in messages(pbx, 30008)] == ["Ringing", "Busy", "Idle"]
    end = messages(pbx, 30012)[0]
    assert "src_addr" not in end
    assert (end["type"], end["status"], end["src_trunk_name"], end["dst_trunk_name"], end["pin_code"]) == (
        "Outbound",
        "ANSWERED",
        " ",
        "carrier-a",
        " ",
    )
    row = pbx.cdrs[0]
    assert (row["uid"], row["call_id"], row["src_addr"]) == (end["uid"], call.call_id, "192.168.20.20")
    assert row["call_from"] == "Alice Young<1000>"


@pytest.mark.parametrize(("result", "disposition"), [("busy", "BUSY"), ("no_answer", "NO ANSWER")])
async def test_call_that_is_not_answered(pbx, result, disposition):
    pbx.register("1000")
    await pbx.dial("1000", HOME, plan=CallPlan(ring=1, result=result)).call.over.wait()
    assert pbx.cdrs[0]["disposition"] == disposition
    assert [m["reason"] for m in messages(pbx, 30015)] == (["486 Busy Here"] if result == "busy" else [])


async def test_internal_and_inbound_calls(pbx):
    pbx.register("1000")
    pbx.register("1001")
    internal = pbx.dial("1000", "1001", plan=CallPlan(ring=1, talk=1)).call
    inbound = pbx.inbound("4930901820", "1001", CallPlan(ring=1, talk=1)).call
    await internal.over.wait()
    await inbound.over.wait()
    assert {row["call_type"] for row in pbx.cdrs} == {"Internal", "Inbound"}
    row = next(row for row in pbx.cdrs if row["call_type"] == "Inbound")
    assert (row["call_from_number"], row["src_trunk"], row["did_number"]) == (
        "4930901820",
        "carrier-a",
        "12125550100",
    )
    assert list(messages(pbx, 30016)[0]["members"][0]) == ["inbound"]
    assert pbx.inbound("4930901820", "1002").outcome == "480 Temporarily Unavailable"


async def test_hang_up_by_channel_ends_at_once(pbx, api):
    pbx.register("1000")
    call = pbx.dial("1000", ABROAD, plan=UNTIL_HUNG_UP).call
    listed = (await api.get("call/query", extension="1000"))["data"]
    channel = listed[0]["members"][0]["extension"]["channel_id"]
    answer = await api.post("call/hangup", channel_id=channel)
    assert answer == {"errcode": 0, "errmsg": "SUCCESS", "call_id": call.call_id}
    assert not call.up
    assert pbx.calls == []
    assert statuses(messages(pbx, 30011)[-1]) == ["BYE", "BYE"]
    assert (await api.post("call/hangup", channel_id=channel))["errcode"] == 60001
    assert (await api.get("call/query"))["errcode"] == 60001


async def test_call_query_filters(pbx, api):
    pbx.register("1000")
    pbx.register("1001")
    out = pbx.dial("1000", HOME, plan=UNTIL_HUNG_UP)
    pbx.dial("1000", "1001", plan=UNTIL_HUNG_UP)
    assert [c["call_id"] for c in (await api.get("call/query", type="outbound"))["data"]] == [out.call_id]
    assert len((await api.get("call/query", extension="1000"))["data"]) == 2
    assert (await api.get("call/query", call_id="1.1"))["errcode"] == 60001
    assert (await api.get("call/query", type="inbound"))["errcode"] == 60001


async def test_extension_without_permission_or_route_is_refused(pbx):
    pbx.register("1002")
    assert pbx.dial("1002", ABROAD).outcome == failure(pbx) == "NO Outbound Restriction"
    assert pbx.dial("1002", "55").outcome == failure(pbx) == "404 Not Found"
    assert [row["disposition"] for row in pbx.cdrs] == ["FAILED", "FAILED"]
    assert pbx.core.calls.attempts == {"NO Outbound Restriction": 1, "404 Not Found": 1}


async def test_disabled_extension_still_calls_inside_and_emergency(pbx, api):
    pbx.register("1000")
    pbx.register("1001")
    await api.post("extension/update", id=1, disable_outb_call=1)
    assert pbx.dial("1000", HOME).outcome == "NO Outbound Restriction"
    assert pbx.dial("1000", "1001").placed
    assert pbx.dial("1000", "911").placed


@pytest.mark.parametrize(
    ("pin", "placed"), [("4711", True), ("4712", False), (None, False), ("", False), ("48151", False)]
)
async def test_route_with_a_pin(pbx, api, pin, placed):
    pbx.register("1000")
    await api.post("outbound_route/update", id=2, pin_protect="single_pin", pin="4711")
    assert pbx.dial("1000", ABROAD, pin=pin).placed is placed
    assert pbx.dial("1000", HOME).placed


async def test_route_with_a_pin_list(pbx, api):
    pbx.register("1000")
    await api.post("outbound_route/update", id=2, pin_protect="pin_list", pin_list=1)
    assert pbx.dial("1000", ABROAD, pin="62342").placed
    assert not pbx.dial("1000", ABROAD, pin="4711").placed
    assert pbx.cdrs[-1]["pin_code"] == "4711"


async def test_blocked_number_stops_new_calls_only(pbx, api):
    pbx.register("1000")
    running = pbx.dial("1000", ABROAD, plan=UNTIL_HUNG_UP).call
    await api.post("block_numbers/create", name="x", limit_type="outbound", number_list="90114930.&1")
    assert not pbx.dial("1000", ABROAD).placed
    assert pbx.dial("1000", "9011442079460123").placed
    assert running.up


async def test_blocked_inbound_number(pbx, api):
    pbx.register("1000")
    await api.post("block_numbers/create", name="x", limit_type="inbound", number_list="4930.&9011.")
    assert not pbx.inbound("4930901820", "1000").placed
    assert pbx.dial("1000", "9011493090182000").placed


async def test_trunks_switch_over_fill_up_and_die(api_of):
    async with SimulatedPbx(SimOptions(trunk_capacity=1)) as pbx, api_of(pbx) as api:
        pbx.register("1000")
        used = [pbx.dial("1000", HOME, plan=UNTIL_HUNG_UP).call.parts[0].dst_trunk for _ in range(2)]
        assert used == ["carrier-a", "carrier-b"]
        assert pbx.dial("1000", HOME).outcome == "Circuit/channel congestion"
        await api.post("trunk/update", id=1, enable=0)
        await api.post("trunk/update", id=2, enable=0)
        assert pbx.dial("1000", HOME).outcome == "Line Unreachable"
        assert len(pbx.calls) == 2
        assert messages(pbx, 30035)[0]["event_name"] == "sip_trunk_disconnect"


async def test_strip_and_prepend_change_what_the_carrier_gets(pbx, api):
    pattern = {"pattern": "9011.", "strip": 4, "prepend": "00"}
    await api.post("outbound_route/update", id=2, dial_pattern_list=[pattern])
    assert pbx.core.router.outbound(pbx.extension("1000"), ABROAD, None).sent == "00493090182000"


@pytest.mark.parametrize("number", ["911", "112", "9911", "9112"])
async def test_emergency_calls_always_get_out(api_of, number):
    async with SimulatedPbx(SimOptions(trunk_capacity=1, speed=200)) as pbx, api_of(pbx) as api:
        pbx.register("1002")
        pbx.dial("1002", HOME, plan=UNTIL_HUNG_UP)
        pbx.dial("1002", HOME, plan=UNTIL_HUNG_UP)
        await api.post("extension/update", id=3, disable_outb_call=1, max_outb_call_duration=1)
        for route in (1, 2, 3):
            await api.post("outbound_route/update", id=route, ext_list=[])
        await api.post("block_numbers/create", name="x", limit_type="both", number_list=f"{number}&9.&1.")
        call = pbx.dial("1002", number, plan=CallPlan(ring=1, talk=1)).call
        await call.over.wait()
        assert call.max_talk == -1
        assert pbx.cdrs[-1]["disposition"] == "ANSWERED"
        notice = messages(pbx, 30036)[-1]
        assert notice["event_name"] == "emergency_call_dialed_out"
        assert "Emergency Call Dialed Out" in notice["event_content"]


async def test_longest_call_ends_at_the_limit(pbx, api):
    pbx.register("1000")
    await api.post("extension/update", id=1, max_outb_call_duration=1)
    call = pbx.dial("1000", ABROAD, plan=UNTIL_HUNG_UP).call
    async with asyncio.timeout(15):
        await call.over.wait()
    assert call.ended_at - call.answered_at > 0.9


async def test_outside_business_hours(api_of):
    for hours, placed in (((0, 24), True), ((0, 0), False)):
        async with SimulatedPbx(SimOptions(business_hours=hours)) as pbx, api_of(pbx) as api:
            weekday = pbx.core.clock.local(pbx.core.clock.now()).weekday() < 5
            pbx.register("1000")
            await api.post("extension/update", id=1, disable_office_time_outb_call=1)
            assert pbx.dial("1000", HOME).placed is (placed and weekday)


async def test_forwarded_call_leaves_two_rows_with_one_call_id(pbx):
    pbx.change_extension("1000", forward_to=ABROAD)
    call = pbx.inbound("12125550147", "1000", CallPlan(ring=1, talk=1)).call
    await call.over.wait()
    assert [row["call_type"] for row in pbx.cdrs] == ["Inbound", "Outbound"]
    assert {row["call_id"] for row in pbx.cdrs} == {call.call_id}
    assert pbx.cdrs[1]["reason"] == f"1000 forwarded to {ABROAD}"


@pytest.mark.parametrize(
    ("firmware", "uids", "sent"),
    [({}, 1, 1), ({"shared_uid": False}, 2, 2), ({"end_with_uid": False}, 1, 0)],
    ids=["one uid for all legs", "a uid for each row", "frames without uid"],
)
async def test_uids_of_the_legs_of_a_call(firmware, uids, sent):
    async with SimulatedPbx(SimOptions(speed=500, **firmware)) as pbx:
        pbx.register("1000")
        pbx.change_extension("1000", forward_to=ABROAD)
        await pbx.inbound("12125550147", "1000", CallPlan(ring=1, talk=1)).call.over.wait()
        assert len({row["uid"] for row in pbx.cdrs}) == uids
        assert len({row["new_id"] for row in pbx.cdrs}) == len(pbx.cdrs) == 2
        assert len({message["uid"] for message in messages(pbx, 30012) if "uid" in message}) == sent
        assert all("new_id" not in message for message in messages(pbx, 30012))


async def test_forwarding_needs_the_extensions_own_permission(pbx):
    pbx.change_extension("1002", forward_to=ABROAD)
    assert pbx.inbound("12125550147", "1002").outcome == "NO Outbound Restriction"
    assert [row["disposition"] for row in pbx.cdrs] == ["NO ANSWER", "FAILED"]


async def test_api_dials_and_plays_prompts(pbx, api):
    assert (await api.post("call/dial", caller="1000", callee=HOME))["errcode"] == 60001
    pbx.register("1000")
    dialled = await api.post("call/dial", caller="1000", callee=HOME)
    played = await api.post("call/play_prompt", number="1000", prompts=["alarm"])
    assert {call.call_id for call in pbx.calls} == {dialled["call_id"], played["call_id"]}
    assert pbx.core.prompts == [("1000", ("alarm",))]
    assert (await api.post("call/play_prompt", number=HOME, prompts=["alarm"]))["errcode"] == 40002
    permitted = await api.post("call/play_prompt", number=HOME, prompts=["alarm"], dial_permission="1000")
    assert permitted["errcode"] == 0


@pytest.mark.parametrize("twelve_hour", [False, True])
async def test_record_search_by_display_time(api_of, twelve_hour):
    options = SimOptions(speed=500, twelve_hour=twelve_hour, date_format="MM/DD/YYYY", timezone="Europe/Berlin")
    async with SimulatedPbx(options) as pbx, api_of(pbx) as api:
        pbx.register("1000")
        for number in (HOME, ABROAD):
            await pbx.dial("1000", number, plan=CallPlan(ring=1, talk=1)).call.over.wait()
        clock = pbx.core.clock
        now = clock.now()
        hour = {"start_time": clock.display(now - 3600), "end_time": clock.display(now + 60)}
        assert (await api.get("cdr/search", **hour))["total_number"] == 2
        found = (await api.get("cdr/search", call_to=ABROAD, status="ANSWERED", **hour))["data"]
        assert [row["uid"] for row in found] == [pbx.cdrs[1]["uid"]]
        assert (await api.get("cdr/search", call_to="011", enable_fuzzy_search=1))["total_number"] == 1
        assert (await api.get("cdr/search", call_to="011"))["total_number"] == 0
        old = {"start_time": clock.display(now - 7200), "end_time": clock.display(now - 3600)}
        assert (await api.get("cdr/search", **old))["total_number"] == 0
        assert (await api.get("cdr/search", start_time=str(int(now))))["errcode"] == 40002
        listed = await api.get("cdr/list", page=1, page_size=1, sort_by="id", order_by="asc")
        assert (listed["total_number"], listed["data"][0]["id"]) == (2, 1)
        assert clock.parse(listed["data"][0]["time"]) == listed["data"][0]["timestamp"]


async def test_record_search_by_epoch_seconds_where_the_firmware_wants_them(api_of):
    async with SimulatedPbx(SimOptions(cdr_epoch_bounds=True)) as pbx, api_of(pbx) as api:
        pbx.register("1002")
        pbx.dial("1002", ABROAD)
        now = int(pbx.core.clock.now())
        assert (await api.get("cdr/search", start_time=now - 60, end_time=now + 60))["total_number"] == 1
        assert (await api.get("cdr/search", start_time=pbx.core.clock.display(now)))["errcode"] == 40002
