"""Groups of commands that are the files of a folder: each is imported when it is called, not before."""

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.resources import files
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

COMMAND, GROUP = "_command.py", "_commands"
BESIDE = "people"
"""A folder whose commands stand beside those of the folder it is in."""


class CommandFiles(Mapping[str, TyperCommand | TyperGroup]):
    """The commands of a package by what is typed, in the order of its `ORDER`; who is not named there comes last.

    `NAME_command.py` is one, a `_` in NAME is typed as `-`: its docstring is its line in the list of commands, its
    function `command` takes the arguments, and `EPILOG` ends its help. `NAME_commands/` is a group: its `HELP` is its
    help, and NAME stands before the name of each file in it.
    """

    def __init__(self, package: str) -> None:
        order: tuple[str, ...] = import_module(package).ORDER
        modules = modules_of(package)
        self._package = package
        self._modules = {name: modules[name] for name in (*order, *sorted(modules.keys() - set(order)))}

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        return load(name, f"{self._package}.{self._modules[name]}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def lines(self) -> list[tuple[str, str]]:
        """Each name with its line in the list."""
        return [(name, docstring(self._package, module)) for name, module in self._modules.items()]


class CommandFolder(TyperGroup):
    """A group of the commands in `package`; to list them imports none of them."""

    package: ClassVar[str]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: CommandFiles = CommandFiles(self.package)  # type: ignore[assignment]  # nobody adds to it

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of commands in the help."""
        with formatter.section("Commands"):
            formatter.write_dl(self.commands.lines())


def folder(package: str) -> type[CommandFolder]:
    """The class of the group whose commands stand in a package."""
    return type("CommandFolder", (CommandFolder,), {"package": package})


def modules_of(package: str) -> dict[str, str]:
    """Modules and packages with commands by what is typed."""
    group = package.rpartition(".")[2]
    before = group.removesuffix(GROUP) + "_" if group.endswith(GROUP) else ""
    names = [entry.name for entry in files(package).iterdir()]
    found = [(name.removesuffix(COMMAND), name.removesuffix(".py")) for name in names if name.endswith(COMMAND)]
    found += [(name.removesuffix(GROUP), name) for name in names if name.endswith(GROUP)]
    if BESIDE in names:
        found += [(name, f"{BESIDE}.{module}") for name, module in modules_of(f"{package}.{BESIDE}").items()]
    return {name.removeprefix(before).replace("_", "-"): module for name, module in found}


def docstring(package: str, module: str) -> str:
    """What a module says it is for, read without importing it."""
    path = module.replace(".", "/")
    place = files(package) / (f"{path}/__init__.py" if module.endswith(GROUP) else f"{path}.py")
    return ast.get_docstring(ast.parse(place.read_bytes())) or ""


def load(name: str, path: str) -> TyperCommand | TyperGroup:
    """The command or group that a module is."""
    found = import_module(path)
    if path.endswith(GROUP):
        return get_group(
            typer.Typer(name=name, cls=folder(path), help=found.HELP, no_args_is_help=True, rich_markup_mode=None)
        )
    made = typer.Typer(add_completion=False, rich_markup_mode=None)
    made.command(name=name, epilog=found.EPILOG)(found.command)
    command = get_command(made)
    assert isinstance(command, TyperCommand)
    return command
