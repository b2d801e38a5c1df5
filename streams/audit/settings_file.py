"""The settings file of an audit: read with every problem named, and the template of one."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from detector.audit.declared import Declared
from detector.settings.params import Params
from detector.settings.values import Identifier
from streams.config.tree import Flaw
from streams.config.yaml_model import ConfigError, model_of, tree_of

HEAD = """\
# What the portal of the PBX shows and its API does not, for: ringfence audit --settings FILE
# Leave out what you do not know: it is then reported as unknown. Under `pbxs` a PBX has its own values.
"""


class SettingsFile(Params):
    """`defaults` hold for every PBX; what is written under `pbxs` outweighs them, field by field."""

    defaults: Annotated[Declared, BeforeValidator(lambda value: {} if value is None else value)] = Declared()
    pbxs: dict[Identifier, Declared] = Field(default_factory=dict)

    def of(self, pbx: str) -> Declared:
        """What is declared of one PBX."""
        own = self.pbxs.get(pbx, Declared())
        return self.defaults.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


def read_settings(path: Path | None, pbxs: Collection[str]) -> SettingsFile:
    """The settings file, or an empty one for None. Raises `ConfigError` with every problem, also unknown PBXs."""
    tree = tree_of(path) if path is not None else None
    if tree is None:
        return SettingsFile()
    read = model_of(SettingsFile, tree) or SettingsFile()
    for name in read.pbxs.keys() - set(pbxs):
        tree.flaws.append(Flaw(tree.mark(("pbxs", name)), ("pbxs", name), "no PBX of this name is configured"))
    if tree.flaws:
        raise ConfigError(tree.flaws)
    return read


def template() -> str:
    """A settings file with every field explained, all of them commented out."""
    return f"{HEAD}defaults:\n{''.join(explained(Declared))}pbxs: {{}}\n"


def explained(model: type[BaseModel]) -> list[str]:
    """Each field with its description and an example, which is JSON and so YAML, too."""
    found = []
    for name, about in model.model_fields.items():
        example = json.dumps((about.examples or [None])[0])
        found.append(f"  # {about.description}\n  # {name}: {example}\n")
    return found
