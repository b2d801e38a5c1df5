"""The core is given what findings depend on: it knows no secret, and nothing that exists once in an installation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

import detector
from detector.detect.catalogue import catalogue
from detector.settings import Pbx, Settings

WORDS = ("SecretStr", "SecretBytes", "get_secret_value")
CORE = Path(detector.__file__).parent


class Reached(Pbx):
    password: SecretStr | None = None


def models(above: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Every pydantic model of the core."""
    for model in above.__subclasses__():
        if model.__module__.startswith("detector."):
            yield model
        yield from models(model)


def holds_a_secret(model: type[BaseModel]) -> bool:
    shown = [str(field.annotation) for field in model.model_fields.values()]
    return any(secret.__name__ in one for one in shown for secret in (SecretStr, SecretBytes))


def test_settings_are_layers_and_pbxs() -> None:
    assert set(Settings.model_fields) == {"defaults", "tenants", "pbxs"}


def test_no_model_of_the_core_holds_a_secret() -> None:
    assert catalogue()
    assert {"Settings", "Pbx"} <= {model.__name__ for model in models()}
    assert [model.__name__ for model in models() if holds_a_secret(model)] == []
    assert holds_a_secret(Reached)


def test_no_file_of_the_core_speaks_of_secrets() -> None:
    files = list(CORE.rglob("*.py"))
    assert len(files) > 100
    assert [str(file) for file in files for word in WORDS if word in file.read_text(encoding="utf-8")] == []


def test_a_pbx_that_knows_more_is_refused_and_not_shown() -> None:
    assert Settings(pbxs=(Pbx(id="hq"),)).pbxs[0].id == "hq"
    with pytest.raises(ValidationError, match=r"pbxs\.0\.password") as caught:
        Settings(pbxs=(Reached(id="hq", password=SecretStr("hunter2")),))
    assert "hunter2" not in str(caught.value)
