"""Reads the configuration: all of it is checked, and every problem named by file, line and field."""

from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from detector.detect.catalogue import catalogue as registered
from detector.settings import Catalogue, Rules, wrong_rules
from streams.config.enforcer_settings import EnforcerSettings
from streams.config.error_wording import field, keys_known, keys_of, words
from streams.config.files import read_tree
from streams.config.installation import Installation, with_enforcers
from streams.config.misfits import misfits
from streams.config.secrets import fetcher
from streams.config.tariffs import TariffError, read_tariff, tariff_files
from streams.config.tree import Flaw, FlawError, Mark, Tree

RULES = TypeAdapter(Rules)


class ConfigError(Exception):
    """The configuration cannot be used: one line `file:line: field: problem` for everything that is wrong."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def load(
    path: Path | None,
    *,
    secrets: Collection[str] | None = None,
    catalogue: Catalogue | None = None,
    enforcers: EnforcerSettings | None = None,
) -> Installation:
    """The installation that a file or folder describes; all defaults for None. Raises ConfigError.

    `secrets` names the secret fields this process needs (None: all of them); the others stay None.
    `catalogue` is that of the registered detectors unless another is given. `enforcers` are those there are; None
    leaves what is said of them to a process that has them.
    """
    model = Installation if enforcers is None else with_enforcers(enforcers)
    try:
        tree = read_tree(path) if path is not None else None
    except FlawError as error:
        raise ConfigError([line(error.flaw)]) from None
    if path is None or tree is None:
        return model()
    folder = path if path.is_dir() else path.parent
    known = registered() if catalogue is None else catalogue
    installation, flaws = understood(tree, folder, secrets, model)
    flaws += rule_flaws(tree, known) if installation is None else unfit(installation, tree, known)
    if installation is None or flaws:
        raise ConfigError([line(flaw) for flaw in sorted(flaws, key=lambda flaw: flaw.mark)])
    return installation


def check_report(path: Path | None, enforcers: EnforcerSettings | None = None) -> list[str]:
    """What `ringfence check` says: every problem of the configuration, nothing if it can be used."""
    try:
        load(path, enforcers=enforcers)
    except ConfigError as error:
        return error.lines
    return []


def understood(
    tree: Tree, folder: Path, secrets: Collection[str] | None, model: type[Installation]
) -> tuple[Installation | None, list[Flaw]]:
    """The installation in a tree, None if it is not sound, and what is wrong with single values."""
    context = {"secret": fetcher(folder, secrets), "folder": folder}
    try:
        return model.model_validate(tree.data, context=context), list(tree.flaws)
    except ValidationError as error:
        found = [(keys_of(one, tree.data), one) for one in error.errors(include_url=False)]
        return None, tree.flaws + [Flaw(tree.mark(keys), keys, words(one, keys, model)) for keys, one in found]


def rule_flaws(tree: Tree, catalogue: Catalogue) -> Iterator[Flaw]:
    """What is wrong with rules where the configuration around them cannot be made."""
    for keys in tree.marks:
        if keys[-1:] == ("rules",) and "rules" in keys_known(Installation, keys[:-1]):
            try:
                rules = RULES.validate_python(tree.value(keys))
            except ValidationError:
                continue
            for one in wrong_rules(keys, rules, catalogue):
                yield Flaw(tree.mark(one.path), one.path, one.text)


def unfit(installation: Installation, tree: Tree, catalogue: Catalogue) -> Iterator[Flaw]:
    """What does not fit together, and tariffs that are named and cannot be used."""
    for one in misfits(installation, catalogue):
        yield Flaw(tree.mark(one.path), one.path, one.text)
    for file in tariff_files(installation):
        try:
            read_tariff(file)
        except TariffError as error:
            yield from (Flaw(Mark(str(file), line), ("tariffs",), text) for line, text in error.problems)


def line(flaw: Flaw) -> str:
    """`file:line: field: problem`; without a line where the whole file is meant."""
    return ": ".join(part for part in (str(flaw.mark), field(flaw.keys), flaw.text) if part)
