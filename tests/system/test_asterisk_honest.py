"""A firm of twelve telephones at work on a real Asterisk, days in a row: nobody is held, and nothing is critical."""

from pathlib import Path

from tests.answering import PORT, answers, comes_in, sends_on, transfers
from tests.asterisk import PHONES, Addresses, apart, asterisk
from tests.sipp import Phone
from tests.system.programs import eventually, settled
from tests.system.test_asterisk_robbery import AT_HOME, ENVIRONMENT, hook, in_office, installed

DAYS = 3
RECEPTION, COLLEAGUE, AWAY = "1001", "1003", "1004"
MOBILE, LONDON, OWN_NUMBER = "912125550199", "9011442079460018", "2125550100"
PARTIES = ("912125550131", "913105550132", "913125550133")


def come_in(where: Addresses) -> None:
    """Everybody registers at once behind one address, and one telephone still has its old password."""
    for number in PHONES:
        if number not in (RECEPTION, COLLEAGUE, AWAY):
            behind = Phone(where=where, address=where.phone("1012"), account=number, password=f"right-{number}")
            assert behind.register() == {"accepted": 1}
    stale = Phone(where=where, address=where.phone("1005"), account="1005", password="before-it-was-changed")
    assert stale.register() == {"401": 1}


def work(where: Addresses) -> None:
    """Calls within the house and home, one forwarded, one transferred, a conference, one abroad, and an emergency."""
    taken = [
        answers(in_office(where, COLLEAGUE), 1), sends_on(in_office(where, AWAY), MOBILE, 1),
        transfers(in_office(where, RECEPTION), MOBILE, 1),
    ]  # fmt: skip
    for number in (COLLEAGUE, AWAY, RECEPTION):
        assert in_office(where, number).register(port=PORT) == {"accepted": 1}
    carrier = Phone(where=where, address=where.carrier, account="12125550177", password="")
    calls = [
        in_office(where, "1002").call(COLLEAGUE, hold=0.5), in_office(where, "1006").call(AWAY, hold=1),
        comes_in(carrier, OWN_NUMBER, 3),
        *(in_office(where, "1007").call(number, hold=2) for number in PARTIES),
        *(in_office(where, number).call(AT_HOME, hold=0.5) for number in ("1008", "1009")),
        in_office(where, "1010").call(LONDON, hold=1), in_office(where, "1011").call("911", hold=0.5),
    ]  # fmt: skip
    for one in calls:
        assert one.ended() == {"answered": 1}
    for one in taken:
        one.ended()


def test_a_firm_at_work_is_left_alone(tmp_path: Path) -> None:
    installation = installed(tmp_path)
    with (
        apart() as where,
        asterisk(where, hook=hook()) as pbx,
        installation.running(wrapped=where.wrapped, env=ENVIRONMENT) as program,
    ):
        program.hear('"connected"')
        for _ in range(DAYS):
            come_in(where)
            work(where)
        eventually("nothing is under way", lambda: settled(installation) and pbx.channels() == 0)

        records = (pbx.folder / "log" / "cdr-csv" / "Master.csv").read_text()
        assert records.count(f'"{MOBILE}","outbound-world"') == 2 * DAYS, "forwarded and transferred"
        assert installation.actions() == []
        assert [one["title"] for one in installation.incidents() if one["severity"] == "critical"] == []
        assert program.end() == 0
        assert "Traceback" not in program.said()
