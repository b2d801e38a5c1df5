import os
import shutil
import time
from pathlib import Path

import pytest
from pydantic import PositiveInt

from detector.detect.catalogue import catalogue
from detector.settings import Policies
from detector.settings.params import Params
from streams.config.installation import Installation, core_settings
from streams.config.loading import check_report, load
from streams.config.tariffs import read_tariffs
from streams.config.yaml_model import ConfigError

SAMPLE = Path(__file__).parents[3] / "deploy" / "ringfence.yaml"


class Guessing(Params):
    failures: PositiveInt = 5


CATALOGUE: dict[str, type[Params]] = {"registration.bruteforce": Guessing}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ringfence.yaml"


def read(file: Path, text: str) -> Installation:
    file.write_text(text, encoding="utf-8")
    return load(file, catalogue=CATALOGUE)


def errors(path: Path, text: str | None = None) -> list[str]:
    """What is wrong, each line without the folder."""
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, catalogue=CATALOGUE)
    folder = path if path.is_dir() else path.parent
    assert str(caught.value) == "\n".join(caught.value.lines)
    return [line.replace(f"{folder}/", "") for line in caught.value.lines]


def test_nothing_and_empty_files_are_all_defaults(file: Path) -> None:
    assert load(None) == read(file, "") == read(file, "# nothing\n") == read(file, "{}") == Installation()
    assert check_report(None) == []


def test_the_sample_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HQ_CLIENT_ID", "HQ_CLIENT_SECRET", "FEED_TOKEN", "SOC_URL", "ON_CALL_URL"):
        monkeypatch.setenv(name, f"secret of {name}")
    settings = load(SAMPLE)
    assert check_report(SAMPLE) == []
    policies = Policies(core_settings(settings), catalogue())
    assert policies.of("berlin").timezone == "Europe/Berlin"
    assert policies.of("hq").extension("1001").allowed_destination_countries == {"US", "CA", "DE"}
    assert policies.of("hq").extension("1008").emergency_device
    connection = settings.pbxs[0].connection
    assert connection is not None
    assert connection.client_secret is not None
    assert connection.client_secret.get_secret_value() == "secret of HQ_CLIENT_SECRET"
    assert "secret of" not in repr(settings)


def test_the_example_of_the_contract_can_be_used(file: Path) -> None:
    (file.parent / "tariffs.csv").write_text("prefix,price,increment\n252,0.95,60\n1,0.01\n")
    file.write_text(CONTRACT)
    settings = load(file)
    assert check_report(file) == []
    profile = Policies(core_settings(settings), catalogue()).of("hq")
    assert profile.rule("registration.bruteforce").mode == "auto"
    assert (profile.access_digit, profile.emergency_numbers) == ("9", ("911",))
    tariffs = read_tariffs(settings)
    assert tariffs[str(profile.tariffs.file)] == (("252", "0.95", "60"), ("1", "0.01", 60))


CONTRACT = """\
defaults:
  region: US
  timezone: America/New_York
  international_prefix: "011"
  access_digit: "9"
  business_hours: {mon-fri: "08:00-18:00"}
  holidays: US
  mode: notify
  emergency_numbers: [911]
  tariffs: tariffs.csv
  allowed_source_countries: []
  allowed_destination_countries: []
  protected: ["10.0.0.0/8"]
  privacy: {mask_numbers: false, retention: {raw: 30d, findings: 400d}}
  rules:
    registration.bruteforce: {failures: 5, window: 60s, mode: auto}
    call.frequency: {limit: "5/1/second", mode: notify}
pbxs:
  - id: hq
    tenant: acme
    trunks:
      carrier-a: {hosts: [sip.carrier.example, 198.51.100.10]}
    extensions:
      "1001": {allowed_destination_countries: [US, DE]}
      "1008": {emergency_device: true}
"""


def test_limits_in_a_syntax_of_their_own_are_checked(file: Path) -> None:
    file.write_text('defaults: {rules: {call.frequency: {limit: "5 per second"}}}\n')
    [line] = check_report(file)
    assert line.startswith(f"{file}:1: defaults.rules.call.frequency.limit: ")


def test_words_that_yaml_reads_otherwise_are_text(file: Path) -> None:
    settings = read(
        file,
        """
defaults: {international_prefix: 011, access_digit: 9, allowed_destination_countries: [NO, US], holidays: [2026-12-24]}
pbxs:
  - id: 2026
    business_hours: {mon: 08:00-18:00}
    groups: {1e3: {members: [1001, 0100]}}
    extensions: {1001: {}, 0100: {}, 12:30: {}}
""".replace(", 12:30: {}", ""),
    )
    assert (settings.defaults.international_prefix, settings.defaults.access_digit) == ("011", "9")
    assert settings.defaults.allowed_destination_countries == ("NO", "US")
    assert settings.pbxs[0].id == "2026"
    assert settings.pbxs[0].groups["1e3"].members == ("1001", "0100")
    assert list(settings.pbxs[0].extensions) == ["1001", "0100"]


def test_every_problem_is_named_at_once_with_its_line(file: Path) -> None:
    found = errors(
        file,
        """\
defaults:
  timezone: America/New_Yrok
  busines_hours: {mon-fri: "08:00-18:00"}
  mode: notfy
  protected:
    - 10.0.0.0/8
    - 10.0.0.1/8
  rules:
    registration.bruteforc: {failures: 5}
    registration.bruteforce:
      failures: none
pbxs:
  - id: hq
    extensions:
      1001: {mdoe: ask}
console: {port: 0}
  """,
    )
    assert [line.partition(": ")[0] for line in found] == [
        f"ringfence.yaml:{number}" for number in (2, 3, 4, 7, 9, 11, 15, 16)
    ]
    assert [line.split(": ")[1] for line in found] == [
        "defaults.timezone", "defaults.busines_hours", "defaults.mode", "defaults.protected[1]",
        "defaults.rules.registration.bruteforc", "defaults.rules.registration.bruteforce.failures",
        "pbxs[0].extensions.1001.mdoe", "console.port",
    ]  # fmt: skip
    hints = ("America/New_York", "business_hours", "notify", "10.0.0.0/8", "registration.bruteforce")
    assert [line.rpartition("did you mean ")[2] for line in found[:5]] == [f"{hint}?)" for hint in hints]
    assert "allowed: shadow, notify, ask, auto" in found[2]


def test_what_does_not_fit_together_is_named_with_its_line(file: Path) -> None:
    text = "pbxs:\n  - id: hq\n    region: RU\n  - id: b\n    groups: {g: {members: [1]}, h: {members: [1]}}\n"
    assert errors(file, text) == [
        "ringfence.yaml:5: pbxs[1].groups.h.members[0]: extension 1 is also in group g (allowed: one group)"
    ]
    [line] = errors(file, "pbxs:\n  - id: hq\n    region: RU\n")
    assert line.startswith("ringfence.yaml:2: pbxs[0]: timezone must be set for region RU (allowed: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "feed:\n  token: hunter2",
            ":2: feed.token: a secret must not be written here (allowed: env:NAME or file:PATH)",
        ),
        (
            "feed: {token: [hunter2]}",
            ":1: feed.token: a secret must not be written here (allowed: env:NAME or file:PATH)",
        ),
        ("feed: {token: env:NOT_SET_HERE}", ":1: feed.token: env:NOT_SET_HERE is not set or empty"),
        ("feed: {token: file:nowhere}", ":1: feed.token: the file of the secret: there is no such file"),
        ("feed: {token: file:binary}", ":1: feed.token: the file of the secret: not UTF-8"),
        ("feed: {token: file:empty}", ":1: feed.token: file:empty is not set or empty"),
        (
            "journal: postgresql://u:hunter2@db/r",
            ":1: journal: a URL with a password must not be written here (allowed: env:NAME or file:PATH)",
        ),
        ("notify: [{name: soc, url: 'tgram://hunter2'}]", ":1: notify[0].url: a secret must not be written here"),
    ],
)
def test_secrets_come_from_elsewhere_and_never_show(file: Path, text: str, expected: str) -> None:
    (file.parent / "binary").write_bytes(b"hunter2\xff")
    (file.parent / "empty").write_text("\n")
    [line] = errors(file, text)
    assert line.startswith(f"ringfence.yaml{expected}")
    assert "hunter2" not in line


def test_a_process_gets_only_the_secrets_it_wants(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file.parent / "token").write_text("abcdefghijklmnop\n")
    monkeypatch.setenv("JOURNAL", "postgres://u:hunter2@db/r")
    file.write_text("feed: {enabled: true, token: file:token}\njournal: env:JOURNAL\n")
    both = load(file)
    assert both.feed.token is not None
    assert both.journal is not None
    assert both.feed.token.get_secret_value() == "abcdefghijklmnop"
    assert both.journal.get_secret_value() == "postgresql+psycopg://u:hunter2@db/r"
    monkeypatch.delenv("JOURNAL")
    one = load(file, secrets={"token"})
    assert one.feed.token == both.feed.token
    assert one.journal is None


def test_files_of_the_configuration_lie_beside_it(file: Path) -> None:
    (file.parent / "c.mmdb").write_bytes(b"")
    (file.parent / "t.csv").write_text("")
    settings = read(file, "country_database: c.mmdb\ndefaults: {tariffs: t.csv}\ndata: somewhere\n")
    assert settings.country_database == file.parent / "c.mmdb"
    assert settings.defaults.tariffs == file.parent / "t.csv"
    assert settings.data == Path("somewhere")
    assert read_tariffs(settings) == {str(file.parent / "t.csv"): ()}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (b"252,0.95\n\n44,dear\n", "t.csv:3: tariffs: price 'dear' is not an amount from 0 to 1000000"),
        (b"prefix,price\n+252\n", "t.csv:2: tariffs: not a row of the tariff"),
        (b"252,0.95,0\n", "t.csv:1: tariffs: increment '0' is not 1 to 3600 seconds"),
        (b"prefix,price\nabc,1\n", "t.csv:2: tariffs: prefix 'abc' is not digits of an E.164 number"),
        (None, "t.csv: tariffs: there is no such file"),
        (b"252,1\ncaf\xe9,1\n", "t.csv:2: tariffs: not UTF-8"),
        pytest.param(b"252,1\n" + b"1" * 200_000, "t.csv:2: tariffs: not CSV: ", id="an endless field"),
        pytest.param(b"1" * (2**24 + 1), "t.csv: tariffs: larger than 16777216 bytes", id="too large"),
    ],
)
def test_a_tariff_file_is_checked(file: Path, rows: bytes | None, expected: str) -> None:
    if rows is not None:
        (file.parent / "t.csv").write_bytes(rows)
    [line] = errors(file, "defaults: {tariffs: t.csv}")
    assert line.startswith(expected)


def test_every_wrong_row_of_a_tariff_file_is_named_up_to_twenty(file: Path) -> None:
    (file.parent / "t.csv").write_text("prefix,price\n44,dear\n49,0.02\n49a,1,60\n\n1,1,60,60\n" + "x1,1\n" * 100)
    lines = errors(file, "defaults: {tariffs: t.csv}")
    assert [line.partition(": ")[0] for line in lines[:4]] == ["t.csv:2", "t.csv:4", "t.csv:6", "t.csv:7"]
    assert len(lines) == 20


def test_a_missing_country_database_is_named(file: Path) -> None:
    assert errors(file, "\ncountry_database: none.mmdb") == [
        "ringfence.yaml:2: country_database: there is no such file"
    ]


def test_a_folder_is_read_as_one_configuration(tmp_path: Path) -> None:
    (tmp_path / "10-base.yaml").write_text("defaults: {region: DE}\ntenants: {a: {mode: ask}}\npbxs: [{id: one}]\n")
    (tmp_path / "20-b.yml").write_text("tenants: {b: {mode: auto}}\npbxs: [{id: two}]\ndefaults: {currency: EUR}\n")
    (tmp_path / "30-empty.yaml").write_text("")
    (tmp_path / ".hidden.yaml").write_text("{{{")
    (tmp_path / "notes.txt").write_text("{{{")
    settings = load(tmp_path)
    assert [pbx.id for pbx in settings.pbxs] == ["one", "two"]
    assert list(settings.tenants) == ["a", "b"]
    assert (settings.defaults.region, settings.defaults.currency) == ("DE", "EUR")


def test_problems_in_a_folder_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("data: x\ndefaults: {mode: ask, protected: [10.0.0.0/8]}\npbxs: [{id: one}]\n")
    (tmp_path / "b.yaml").write_text("pbxs:\n  - id: one\n  - id: o n e\n\ndata: y\ndefaults: {mode: ask}\n")
    assert errors(tmp_path) == [
        "b.yaml:3: pbxs[2].id: not understood (allowed: letters, digits, '.', '_' and '-', up to 64)",
        "b.yaml:5: data: given twice, first at a.yaml:1",
        "b.yaml:6: defaults.mode: given twice, first at a.yaml:2",
    ]


def test_a_key_twice_in_a_later_file_is_not_joined(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("pbxs: [{id: one}]\n")
    (tmp_path / "b.yaml").write_text("pbxs: [{id: two}]\npbxs: [{id: three}]\n")
    assert errors(tmp_path) == ["b.yaml:2: pbxs: given twice, first at a.yaml:1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("defaults: {mode: ask\n", ":2: not YAML: "),
        ("a: &a [x]\nb: *c\n", ":2: not YAML: found undefined alias"),
        ("- 1\n", ":1: expected a map"),
        ("hello", ":1: expected a map"),
        ("a: 1\n---\nb: 2\n", ":2: not YAML: "),
        ("defaults: !!python/object/apply:os.system [true]\n", ":1: defaults: a YAML tag that is not known here"),
        ("defaults: !!int x\n", ":1: defaults: a YAML tag that is not known here, or does not fit"),
        ("? [a]\n: 1\n", ":1: a key has to be one word"),
        ("console:\n  port: 1\n  port: 2\n", ":3: console.port: given twice, first at "),
        ("<<: {data: x}\n", ":1: <<: unknown key"),
        ("pbxs:\n", ":1: pbxs: expected a list"),
        ("pbxs: {id: hq}\n", ":1: pbxs: expected a list"),
        ("pbxs: [{}]\n", ":1: pbxs[0].id: required, but not there"),
        (
            "defaults:\n  rules: {registration.bruteforce: 5}\n",
            ":2: defaults.rules.registration.bruteforce: expected a map",
        ),
        pytest.param("[" * 100_000, ":1: nested too deeply", id="a hundred thousand brackets"),
        ("a: " + "{a: " * 60 + "}" * 60, ":1: nested too deeply"),
        ("a: &a [*a]\n", ":1: too large, or an alias that repeats itself"),
        ("a: \x00", ":1: not YAML"),
        ('"a\\nb\\e[31m": 1', ":1: a?b?[31m: unknown key"),
    ],
)
def test_hostile_and_broken_yaml_is_refused(file: Path, text: str, expected: str) -> None:
    found = errors(file, text)
    assert found[0].startswith(f"ringfence.yaml{expected}"), found


def test_an_alias_bomb_is_refused_quickly(file: Path) -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    bomb += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    began = time.process_time()
    [line] = errors(file, bomb)
    assert "too large, or an alias that repeats itself" in line
    assert time.process_time() - began < 10


def test_an_alias_saves_writing(file: Path) -> None:
    settings = read(file, "tenants:\n  a: &same {mode: ask}\n  b: *same\n")
    assert settings.tenants["a"] == settings.tenants["b"]


def test_what_is_no_readable_file_is_named(tmp_path: Path) -> None:
    big, latin, pipe = tmp_path / "big.yaml", tmp_path / "latin.yaml", tmp_path / "pipe.yaml"
    big.write_bytes(b"#" * (1024 * 1024 + 1))
    latin.write_bytes(b"data: x\n# caf\xe9\n")
    os.mkfifo(pipe)
    assert errors(big) == ["big.yaml: larger than 1048576 bytes"]
    assert errors(latin) == ["latin.yaml:2: not UTF-8"]
    assert errors(pipe) == ["pipe.yaml: there is no such file"]
    assert errors(tmp_path / "none.yaml") == ["none.yaml: there is no such file"]
    (tmp_path / "folder").mkdir()
    assert "a folder of 0 files" in errors(tmp_path / "folder")[0]


def test_the_largest_file_is_read_in_bounded_time(file: Path) -> None:
    lines = [f"      {number}: {{mode: ask, group: sales}}" for number in range(10_000, 34_000)]
    text = "pbxs:\n  - id: hq\n    groups: {sales: {}}\n    extensions:\n" + "\n".join(lines)
    assert len(text) < 1024 * 1024
    settings = read(file, text)
    assert len(settings.pbxs[0].extensions) == 24_000


def test_a_report_says_the_same_as_loading(file: Path) -> None:
    shutil.copy(SAMPLE, file)
    file.write_text(file.read_text() + "\nconsole: {port: 1}\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert check_report(file) == caught.value.lines
