"""A model of a YAML file: checked as a whole, with every problem named by file, line and field."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from streams.config.error_wording import field, keys_of, words
from streams.config.files import read_tree
from streams.config.tree import Flaw, FlawError, Tree

M = TypeVar("M", bound=BaseModel)


class ConfigError(Exception):
    """A configuration that cannot be used: one line `file:line: field: problem` for everything that is wrong."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.lines = [line(flaw) for flaw in sorted(flaws, key=lambda flaw: flaw.mark)]
        super().__init__("\n".join(self.lines))


def tree_of(path: Path) -> Tree | None:
    """What a file or folder says, None if nothing. Raises ConfigError."""
    try:
        return read_tree(path)
    except FlawError as error:
        raise ConfigError([error.flaw]) from None


def model_of(model: type[M], tree: Tree, context: dict[str, object] | None = None) -> M | None:
    """What a tree says, as a model; None where it is not sound. What is wrong is added to the tree's flaws."""
    try:
        return model.model_validate(tree.data, context=context)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            keys = keys_of(one, tree.data)
            tree.flaws.append(Flaw(tree.mark(keys), keys, words(one, keys, model)))
        return None


def line(flaw: Flaw) -> str:
    """`file:line: field: problem`; without a line where the whole file is meant."""
    return ": ".join(part for part in (str(flaw.mark), field(flaw.keys), flaw.text) if part)
