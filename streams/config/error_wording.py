"""A validation error in the configuration's own words: which keys lead there, what is allowed, what is near."""

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from detector.settings import Keys
from detector.settings.values import listed, nearest, refusal

SHAPES = {
    "dict_type": "expected a map",
    "model_type": "expected a map",
    "tuple_type": "expected a list",
    "missing": "required, but not there",
}


def keys_of(error: ErrorDetails, data: object) -> Keys:
    """The keys in `data` that lead to an error; what pydantic adds for alternatives is left out."""
    keys: list[str | int] = []
    for step in error["loc"]:
        inside = data if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list) else {}
        if step in inside:
            data = inside[step]
            keys.append(step)
    if error["type"] == "missing":
        keys.append(error["loc"][-1])
    return tuple(keys)


def words(error: ErrorDetails, keys: Keys, model: type[BaseModel]) -> str:
    """What is wrong with a value below `model`, without what was entered."""
    if error["type"] == "extra_forbidden":
        known = keys_known(model, keys[:-1])
        return str(refusal("unknown key", ", ".join(known), nearest(str(keys[-1]), known)))
    if error["type"] == "enum":
        allowed = [word.strip(" '") for word in str(error["ctx"]["expected"]).replace(" or ", ", ").split(",")]
        return str(refusal("unknown word", listed(allowed), nearest(str(error["input"]), allowed)))
    return SHAPES.get(error["type"], error["msg"].removeprefix("Value error, "))


def field(keys: Keys) -> str:
    """Keys as text: `pbxs[0].extensions.1001.mode`, bounded and printable."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return "".join(c if c.isprintable() else "?" for c in text[:200])


def keys_known(annotation: Any, keys: Keys) -> list[str]:
    """The names of the fields a model has that lies at `keys` below `annotation`."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return keys_known(inner[0], keys)
    if origin in (Union, types.UnionType):
        return next((known for one in inner if (known := keys_known(one, keys))), [])
    if origin in (dict, tuple):
        return keys_known(inner[1] if origin is dict else inner[0], keys[1:]) if keys else []
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return []
    if not keys:
        return list(annotation.model_fields)
    named = annotation.model_fields.get(str(keys[0]))
    return keys_known(named.annotation, keys[1:]) if named is not None else []
