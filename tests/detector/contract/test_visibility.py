"""What is visible follows from what is told, and an event loses what its source does not say."""

import pytest

from detector.contract.events import Call, Event, Login, Notice, Registration
from detector.contract.visibility import Source, Teller, Telling, Want, as_told_by, missing, visible
from tests.detector.engine.builders import call, login, notice, registration, tick

REFUSED = Telling(kind="registration.rejected", fields=("source_ip", "account"))
ENDED = Telling(kind="call.ended", fields=("direction=inbound|outbound", "to", "via=direct|forward"))
MANAGER = Telling(kind="login.accepted", fields=("surface=ami", "account"), only=("surface=ami",))
BLOCKED = Telling(kind="notice", fields=("source_ip",), only=("name=blocked|gone",), text=True)
NEVER = Telling(kind="config", fields=("changes",), lacking="nobody may read it")
GIVES = (REFUSED, ENDED, MANAGER, BLOCKED, NEVER)


@pytest.mark.parametrize(
    ("want", "lacking"),
    [
        (Want("registration.rejected", ("source_ip",)), ()),
        (Want("registration.accepted|rejected", ("source_ip", "account|extension")), ()),
        (Want("registration", ("account",)), ()),
        (Want("registration.accepted"), ("registration.accepted",)),
        (Want("registration.rejected", ("user_agent",)), ("user_agent in registration.rejected",)),
        (Want("call", ("to", "via=forward")), ()),
        (Want("call", ("via=disa",)), ("via=disa in call",)),
        (Want("call", ("direction=transit", "to")), ("direction=transit in call",)),
        (Want("call", ("trunk=",)), ()),
        (Want("call.started"), ("call.started",)),
        (Want("login.accepted", ("surface=ami",)), ()),
        (Want("login.accepted", ("surface=web|",)), ("surface=web| in login.accepted",)),
        (Want("notice", ("name=gone|other",)), ()),
        (Want("notice", ("name=other",)), ("name=other in notice",)),
        (Want("config"), ("config",)),
    ],
    ids=lambda value: str(value),
)
def test_what_is_visible(want: Want, lacking: tuple[str, ...]) -> None:
    assert missing(((want,),), GIVES) == lacking
    assert visible(((want,),), GIVES) == (lacking == ())


def test_all_of_one_of_them_is_enough() -> None:
    seen, unseen = Want("call.ended"), Want("config")
    assert not visible(((seen, unseen),), GIVES)
    assert visible(((seen, unseen), (seen,)), GIVES)
    assert missing(((unseen, unseen), (seen, unseen)), GIVES) == ("config",)


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (registration(0), Registration(pbx="hq", id="", at=registration(0).at, outcome="rejected", account="1007",
                                       source_ip="203.0.113.77")),
        (registration(0, "accepted"), None),
        (call(0, "123", phase="started"), None),
        (call(0, "123", phase="ended", via="disa"),
         Call(pbx="hq", id="", at=call(0).at, phase="ended", call_id="1007@0", direction="outbound", to="123")),
        (login(0, "accepted", surface="ami"),
         Login(pbx="hq", id="", at=login(0).at, outcome="accepted", surface="ami", account="admin")),
        (login(0, "accepted", surface="web"), None),
        (notice(0, "gone", text="gone"),
         Notice(pbx="hq", id="", at=notice(0, "gone").at, name="gone", source_ip="203.0.113.77", trust="text")),
        (notice(0, "other"), None),
        (tick(0), tick(0)),
    ],
    ids=["its fields alone", "another outcome", "another phase", "another way", "where it is heard", "elsewhere",
         "out of text", "another name", "time passes"],
)  # fmt: skip
def test_an_event_as_a_source_tells_it(event: Event, kept: Event | None) -> None:
    told = as_told_by(Source(name="some", title="", live=True, gives=GIVES), event)
    assert told == (kept if kept is None or kept.id else type(kept)(**{**fields(kept), "id": event.id}))


def fields(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def test_what_is_told_as_text_and_otherwise_too_is_more_than_text() -> None:
    said = Telling(kind="registration.rejected", fields=("account", "user_agent"), text=True)
    assert Teller([said]).tell(registration(0)).trust == "text"
    both = Teller([said, REFUSED]).tell(registration(0))
    assert (both.trust, both.account, both.user_agent, both.source_ip) == (
        None, "1007", registration(0).user_agent, "203.0.113.77",
    )  # fmt: skip
