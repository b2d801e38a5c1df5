"""Every act has a row that is whole, and nobody keeps a table of acts beside it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.contract.controls import CONTROLS
from detector.contract.findings import Subject
from detector.contract.vocabulary import Act, Mode, SubjectKind
from detector.decide.acts import ACTS, Lane, said

ROOT = Path(__file__).parents[3]
HERE = {"detector/decide/acts.py", "detector/contract/vocabulary.py"}
TABLES = {"dict", "Mapping", "MutableMapping", "defaultdict"}
VALUES = {act.value for act in Act}


def test_every_act_has_a_row() -> None:
    assert set(ACTS) == set(Act)


@pytest.mark.parametrize("act", Act)
def test_a_row_is_whole(act: Act) -> None:
    traits = ACTS[act]
    assert traits.targets
    assert traits.lasts
    assert set(traits.controls) <= CONTROLS.keys()
    assert traits.hourly is None or traits.hourly > 0
    assert traits.ceiling in {Mode.ASK, Mode.AUTO}
    assert traits.lane is not Lane.SETTINGS or traits.changes_settings
    standing = (traits.words.title, traits.words.holds, traits.words.undone)
    assert all(standing) if traits.undoable else not any(standing)


@pytest.mark.parametrize("act", Act)
def test_whoever_cuts_off_emergency_calls_asks_first(act: Act) -> None:
    traits = ACTS[act]
    assert "emergency" in traits.keeps or traits.ceiling is Mode.ASK


@pytest.mark.parametrize("act", Act)
def test_words_name_the_target_and_nothing_else(act: Act) -> None:
    words = ACTS[act].words
    for kind in ACTS[act].targets:
        target = Subject(kind, "{kind} of {0}")
        for form in (words.order, words.to_do, words.done, words.undone):
            assert ("{kind} of {0}" in said(form, target)) is bool(form)
            assert "source_ip" not in said(form, target)


def test_what_is_promised_is_what_can_be_done() -> None:
    reset = ACTS[Act.RESET_REGISTRATION].words
    assert said(reset.to_do, Subject(SubjectKind.EXTENSION, "1007")) == (
        "reset the registration password of extension 1007"
    )
    for word in ("throw", "device", "log out", "end"):
        assert word not in reset.to_do


CODE = sorted(path for folder in ("detector", "models", "streams") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", [*CODE, ROOT / "scripts/generate"], ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_keeps_a_table_of_acts(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    assert name in HERE or list(tables(path.read_text())) == []


FOREIGN = [
    ("a table by act", "T = {Act.HANG_UP: 1}"),
    ("a table by an act's value", "T = {'hang_up': 1, 'block_ip': 2}"),
    ("a set of acts", "if act in {Act.HANG_UP, Act.BLOCK_IP}: pass"),
    ("a list of acts", "T = frozenset([Act.HANG_UP, Act.BLOCK_IP])"),
    ("acts passed one by one", "@protects(Act.HANG_UP, Act.BLOCK_IP)\ndef f(): pass"),
    ("a field an act", "class T:\n    hang_up: int = 1\n    block_ip: int = 2"),
    ("a table made later", "T: dict[Act, int] = {}"),
    ("a table of a class", "class C:\n    T: ClassVar[Mapping[Act, int]] = {}"),
    ("a table that is made up", "T = {act: [] for act in Act}"),
    ("cases", "match act:\n    case Act.HANG_UP: pass\n    case Act.BLOCK_IP: pass"),
]
HONEST = [
    ("one act", "if act is Act.HANG_UP: pass"),
    ("rows grouped while it runs", "def f():\n    found: dict[Act, list[int]] = {}"),
    ("a field that somebody fills", "class C:\n    given: Mapping[Act, int] = {}"),
    ("what is asked for", "def f(blocks: dict[Act, int]) -> Mapping[Act, int]: ..."),
    ("a field of one act", "class T:\n    act = Act.HANG_UP"),
    ("a name that is an act's, too", "def hang_up(): ..."),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in FOREIGN])
def test_a_table_is_found(text: str) -> None:
    assert list(tables(text))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HONEST])
def test_what_is_no_table_is_none(text: str) -> None:
    assert list(tables(text)) == []


def tables(text: str) -> Iterator[str]:
    """Lines at which something is said by act that belongs into its row."""
    tree = ast.parse(text)
    kept = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for holder in kept:
        named = [one for one in holder.body if isinstance(one, ast.AnnAssign | ast.Assign)]
        fields = [target.id for one in named for target in targets(one) if isinstance(target, ast.Name)]
        if len(VALUES.intersection(fields)) > 1:
            yield f"{getattr(holder, 'lineno', 0)}: a field an act"
        for one in named:
            if isinstance(one, ast.AnnAssign) and is_table(one.annotation) and not is_given(holder, one):
                yield f"{one.lineno}: a table by act"
    for node in ast.walk(tree):
        if any(map(is_act, keys(node))) and isinstance(node, ast.Dict | ast.DictComp):
            yield f"{node.lineno}: a table by act"
        elif sum(map(is_act, keys(node))) > 1 or sum(map(is_value, keys(node))) > 1:
            yield f"{getattr(node, 'lineno', 0)}: several acts together"


def keys(node: ast.AST) -> list[ast.expr]:
    """What stands side by side in a display, a call or the cases of a match."""
    match node:
        case ast.Dict():
            return [key for key in node.keys if key is not None]
        case ast.DictComp():
            return [generator.iter for generator in node.generators]
        case ast.Set() | ast.List() | ast.Tuple():
            return node.elts
        case ast.Call():
            return node.args
        case ast.Match():
            return [case.pattern.value for case in node.cases if isinstance(case.pattern, ast.MatchValue)]
    return []


def targets(node: ast.AnnAssign | ast.Assign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def is_act(node: ast.expr) -> bool:
    """`Act.HANG_UP`, or all of `Act`."""
    return (isinstance(node, ast.Name) and node.id == "Act") or (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Act"
    )


def is_value(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in VALUES


def is_given(holder: ast.AST, one: ast.AnnAssign) -> bool:
    """Whether this is a field of a thing, empty unless somebody fills it."""
    empty = one.value is None or (isinstance(one.value, ast.Dict) and not one.value.keys)
    return isinstance(holder, ast.ClassDef) and empty and "ClassVar" not in ast.unparse(one.annotation)


def is_table(annotation: ast.expr) -> bool:
    """`dict[Act, ...]` and its like, perhaps within `ClassVar[...]` or `Final[...]`."""
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id in TABLES
        and isinstance(node.slice, ast.Tuple)
        and is_act(node.slice.elts[0])
        for node in ast.walk(annotation)
    )
