"""The dialplan file that makes containment effective: its text, and whether the PBX has it."""

from detector.enrich.dialling.emergency import Emergency
from detector.formats.asterisk.asterisk_frames import Fields
from streams.asterisk.ami_client import AmiClient
from streams.pbxs.pbx_errors import GiveUp

GUARD, EMERGENCY = "ringfence", "ringfence-emergency"
NUMBER = frozenset("0123456789*#+")
MAKE_IT = "make the file with `ringfence asterisk hook` and include it in extensions.conf"
WHO = ("CUT(rf_c,/,2-)", "REDIRECTING(from-num)", "CUT(rf_b,/,2-)", "AMPUSER")
"""Who calls: by his channel, never by his caller id; who forwarded or transferred; FreePBX's user."""
HEAD = """\
; Ringfence's guard: what may not be dialled out. Put this file beside extensions.conf as extensions_ringfence.conf,
; write `#include extensions_ringfence.conf` there, and before every Dial() to a trunk the line
;   same => n,GosubIf(${DIALPLAN_EXISTS(ringfence,out,1)}?ringfence,out,1(${EXTEN},TRUNK,ROUTE))
; with the names of trunk and route as Ringfence shows them. Then `dialplan reload`. Without this file the line does
; nothing. It only reads the AstDB family `ringfence`: KIND/NAME = UNTIL, in seconds since 1970, | and who wants it.
; What has run out, is missing or cannot be read lets the call through. Emergency numbers are never looked up.
"""
LOOK = """\
exten => look,1,GotoIf(${DB_EXISTS(ringfence/${ARG1})}?:no)
 same => n,Return($[0${FILTER(0-9,${CUT(DB_RESULT,|,1)})} > ${EPOCH}])
 same => n(no),Return(0)
"""
NOWHERE = """\
; A number that no route takes: chan_pjsip refuses it without a word to anybody. Written as the last line of the context
; of your telephones, `include => ringfence-nowhere` makes it seen; the caller is answered 404 as before.
[ringfence-nowhere]
exten => _[+*#0-9].,1,UserEvent(RingfenceNowhere,Number: ${FILTER(0-9*#+,${EXTEN})})
 same => n,Hangup(1)
"""
FREEPBX = """\
; FreePBX 16 and 17: instead of the lines before Dial(), write this into extensions_custom.conf.
;[macro-dialout-trunk-predial-hook]
;exten => s,1,GosubIf($["${EMERGENCYROUTE}" != "YES" & ${DIALPLAN_EXISTS(ringfence,out,1)}]?\
ringfence,out,1(${DIAL_NUMBER},${DIAL_TRUNK},${ROUTENAME}))
; same => n,ExecIf($["${MACRO_CONTEXT}" = ""]?Return())
"""


def hook_text(emergency: Emergency) -> str:
    """The file for a PBX with these emergency numbers."""
    numbers = sorted(way for way in emergency.ways if way and set(way) <= NUMBER)
    spared = "".join(f"exten => {number},1,NoOp()\n" for number in numbers)
    parts = (HEAD, f"[{EMERGENCY}]\n{spared}", f"[{GUARD}]\n{_out()}{LOOK}", NOWHERE, FREEPBX)
    return "\n".join(parts)


def _out() -> str:
    counted = " + ".join(f"0${{DB_KEYCOUNT(ringfence/{kind})}}" for kind in ("extension", "number", "trunk", "route"))
    asked = [*(f"extension/${{{who}}}" for who in WHO), "trunk/${ARG2}", "route/${ARG3}"]
    lines = [
        "exten => out,1,Set(LOCAL(rf_n)=${FILTER(0-9*#+,${ARG1})})",
        f"GotoIf(${{DIALPLAN_EXISTS({EMERGENCY},${{rf_n}},1)}}?ok)",
        f"GotoIf($[{counted} = 0]?ok)",
        "Set(LOCAL(rf_c)=${CHANNEL(name):0:-9})",
        "Set(LOCAL(rf_b)=${BLINDTRANSFER:0:-9})",
        *(line for one in asked for line in _looked_up(one)),
        "GotoIf($[0${DB_KEYCOUNT(ringfence/number)} = 0]?ok)",
        "Set(LOCAL(rf_i)=${LEN(${rf_n})})",
        "(shorter)GotoIf($[0${rf_i} < 2]?ok)",
        *_looked_up("number/${rf_n:0:${rf_i}}"),
        "Set(LOCAL(rf_i)=$[${rf_i} - 1])",
        "Goto(shorter)",
        "(ok)Return()",
        "(deny)UserEvent(RingfenceDenied,Why: ${rf_why},Number: ${rf_n})",
        "Hangup(21)",
    ]
    first, *rest = lines
    return "".join(f"{line}\n" for line in (first, *(_step(line) for line in rest)))


def _looked_up(name: str) -> tuple[str, ...]:
    return (
        f"Set(LOCAL(rf_why)={name})", "Gosub(ringfence,look,1(${rf_why}))", "GotoIf($[0${GOSUB_RETVAL}]?deny)"
    )  # fmt: skip


def _step(line: str) -> str:
    label, _, rest = line.partition(")") if line.startswith("(") else ("", "", line)
    return f" same => n{label}),{rest}" if label else f" same => n,{rest}"


async def hook_problem(client: AmiClient, emergency: Emergency) -> str | None:
    """Why what we write into AstDB would have no effect, or would stop an emergency call; None if nothing does."""
    guard = {one.get("Extension") for one in await dialplan(client, GUARD)}
    if not {"out", "look"} <= guard:
        return f"the dialplan does not have Ringfence's guard: {MAKE_IT}"
    spared = {one.get("Extension") for one in await dialplan(client, EMERGENCY)}
    missing = sorted(emergency.surely - spared)
    if missing:
        return f"Ringfence's guard in the dialplan does not spare {', '.join(missing[:3])}: {MAKE_IT}"
    return None


async def hook_needed(client: AmiClient, emergency: Emergency) -> None:
    """Raises `GiveUp` where nothing may be written because the guard in the dialplan is not as it must be."""
    problem = await hook_problem(client, emergency)
    if problem is not None:
        raise GiveUp(problem)


async def dialplan(client: AmiClient, context: str = "") -> list[Fields]:
    """The lines of one context, or of all; none where there is no such context."""
    return await client.list("ShowDialPlan", **({"Context": context} if context else {}))
