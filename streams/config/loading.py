"""Reads the configuration of an installation; what cannot be used is told with all that is wrong."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from detector.detect.catalogue import catalogue as registered
from detector.settings import Catalogue, Rules, wrong_rules
from streams.config.dangers.risks import Risk
from streams.config.enforcer_settings import EnforcerSettings
from streams.config.error_wording import keys_known
from streams.config.installation import Installation, with_enforcers
from streams.config.installation_problems import installation_problems
from streams.config.secrets import fetcher
from streams.config.tariffs import TariffError, read_tariff, tariff_files
from streams.config.tree import Flaw, Mark, Tree
from streams.config.yaml_model import ConfigError, line, model_of, tree_of

RULES = TypeAdapter(Rules)


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
    tree = tree_of(path) if path is not None else None
    if path is None or tree is None:
        return model()
    folder = path if path.is_dir() else path.parent
    known = registered() if catalogue is None else catalogue
    installation = model_of(model, tree, {"secret": fetcher(folder, secrets), "folder": folder})
    flaws = [*tree.flaws, *(rule_flaws(tree, known) if installation is None else unfit(installation, tree, known))]
    if installation is None or flaws:
        raise ConfigError(flaws)
    return installation


def check_report(path: Path | None, enforcers: EnforcerSettings | None = None) -> list[str]:
    """What `ringfence check` says: every problem of the configuration, nothing if it can be used."""
    try:
        load(path, enforcers=enforcers)
    except ConfigError as error:
        return error.lines
    return []


def risk_lines(path: Path, risks: Iterable[Risk]) -> list[str]:
    """Risks of the configuration that was read from `path`, with file, line and field."""
    tree = tree_of(path)
    if tree is None:
        return [str(risk) for risk in risks]
    return [line(Flaw(tree.mark(risk.keys), risk.keys, str(risk))) for risk in risks]


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
    for one in installation_problems(installation, catalogue):
        yield Flaw(tree.mark(one.path), one.path, one.text)
    for file in tariff_files(installation):
        try:
            read_tariff(file)
        except TariffError as error:
            yield from (Flaw(Mark(str(file), line), ("tariffs",), text) for line, text in error.problems)
