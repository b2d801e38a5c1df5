"""Whatever goes wrong is one line, with the exit code that says whether it is the configuration's fault."""

import pytest
from sqlalchemy.exc import OperationalError

from detector.engine.state import CheckpointError
from streams.config.tree import Flaw, Mark
from streams.config.yaml_model import ConfigError
from streams.processes.exit_codes import FAILED, WRONG_USAGE
from streams.processes.explain import explained
from streams.runtime.tables import TableError
from streams.store.store_errors import UnavailableError

HIDDEN = OperationalError("SELECT secret", {"name": "secret"}, ValueError("no such host\nat all"))
OTHER = (
    "the checkpoint was saved by another version: go on with that one, or empty the tables `page` and "
    "`partition`, and the log is processed from its beginning"
)


@pytest.mark.parametrize(
    ("error", "text", "code"),
    [
        (TableError("c.mmdb: no table"), "c.mmdb: no table", WRONG_USAGE),
        (FileNotFoundError(2, "No such file", "/data/x"), "/data/x: No such file", FAILED),
        (OSError(98, "Address in use"), "Address in use", FAILED),
        (UnavailableError("the journal is away\nand more"), "the journal is away", FAILED),
        (CheckpointError("core", ValueError("no time\nat all")), f"{OTHER} (page 'core': no time)", FAILED),
        (HIDDEN, "database: no such host", FAILED),
        (
            ExceptionGroup("tasks", [ExceptionGroup("more", [RuntimeError("first\nsecond")])]),
            "unexpected error, RuntimeError: first (with RINGFENCE_LOG=debug it says where)",
            FAILED,
        ),
        (
            RuntimeError("x" * 1_000),
            f"unexpected error, RuntimeError: {'x' * 400} (with RINGFENCE_LOG=debug it says where)",
            FAILED,
        ),
    ],
    ids=[
        "a table",
        "a file",
        "an address",
        "a store",
        "a checkpoint",
        "a database, without its statement",
        "in groups",
        "long",
    ],
)
def test_what_is_said_of_an_error(error: BaseException, text: str, code: int) -> None:
    assert explained(error) == (text, code)


def test_the_configuration_is_to_blame_for_its_own_mistakes() -> None:
    error = ConfigError([Flaw(Mark("c.yaml", 3), ("data",), "unknown key")])
    assert explained(error) == ("c.yaml:3: data: unknown key", WRONG_USAGE)
