"""What every API endpoint shares: the registry, its parameters, its errors, list paging."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from streams.sim.core import PbxCore
from streams.sim.settings import SimItem

Answer = dict[str, object]
ModelT = TypeVar("ModelT", bound=BaseModel)
ItemT = TypeVar("ItemT", bound=SimItem)
MAX_PAGE = 10_000


class ApiError(Exception):
    """An answer with a non-zero `errcode`."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.answer: Answer = {"errcode": errcode, "errmsg": errmsg}


def bad_parameter() -> ApiError:
    """40002: a missing or wrong parameter or header."""
    return ApiError(40002, "PARAMETER ERROR")


def not_found() -> ApiError:
    """60001: there is nothing to return."""
    return ApiError(60001, "DATA NOT FOUND")


def no_interface() -> ApiError:
    """10001: unknown path or wrong verb."""
    return ApiError(10001, "INTERFACE NOT EXISTED")


def token_expired() -> ApiError:
    """10004: expired, unknown or missing token."""
    return ApiError(10004, "TOKEN EXPIRED")


@dataclass(frozen=True)
class QueryParams:
    """The caller's address, and the query string of a GET or the JSON body of a POST."""

    client_ip: str
    values: Mapping[str, object]

    def text(self, name: str, default: str | None = None) -> str:
        """A string parameter; without a default it must be there and not be empty."""
        value = self.values.get(name, default)
        if not isinstance(value, str) or (default is None and not value):
            raise bad_parameter()
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """A number, also one written as a string; without a default it must be there."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise bad_parameter()
        try:
            return int(value)
        except ValueError as error:
            raise bad_parameter() from error


@dataclass(frozen=True)
class Endpoint:
    """One verb and path; `needs_token` is false only for getting and refreshing one."""

    verb: str
    path: str
    answer: Callable[[PbxCore, QueryParams], Answer]
    needs_token: bool


ENDPOINTS: dict[str, Endpoint] = {}
Handler = Callable[[PbxCore, QueryParams], Answer]


def endpoint(verb: str, path: str, *, needs_token: bool = True) -> Callable[[Handler], Handler]:
    """Register a function as the answer to `verb path`; it returns the fields besides errcode and errmsg."""

    def register(answer: Handler) -> Handler:
        assert path not in ENDPOINTS, f"{path} is registered twice"
        ENDPOINTS[path] = Endpoint(verb, path, answer, needs_token)
        return answer

    return register


def page(rows: Iterable[Mapping[str, object]], params: QueryParams, sort_by: str, order: str = "asc") -> Answer:
    """A list answer: sorted, cut to the page asked for, with the total number."""
    key = params.text("sort_by", "") or sort_by
    direction = params.text("order_by", "") or order
    number, size = params.integer("page", 1), params.integer("page_size", MAX_PAGE)
    if direction not in ("asc", "desc") or number < 1 or not 1 <= size <= MAX_PAGE:
        raise bad_parameter()
    every = list(rows)
    if every and key not in every[0]:
        raise bad_parameter()
    every.sort(key=lambda row: _sortable(row[key]), reverse=direction == "desc")
    return {"total_number": len(every), "data": every[(number - 1) * size : number * size]}


def _sortable(value: object) -> tuple[int, float, str]:
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))


def found(item: ItemT | None) -> ItemT:
    """The object, or 60001 when there is none."""
    if item is None:
        raise not_found()
    return item


def changed(item: ItemT | None, params: QueryParams, fixed: frozenset[str] = frozenset()) -> ItemT:
    """A validated copy of `item` with the known fields of a POST; others are ignored, as on the PBX."""
    old = found(item)
    known = set(type(old).model_fields) - {"id"} - fixed
    update = {name: value for name, value in params.values.items() if name in known}
    return validated(type(old), old.model_dump() | update)


def validated(model: type[ModelT], fields: Mapping[str, object]) -> ModelT:
    """Build an object from fields, or answer 40002."""
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        raise bad_parameter() from error


def ids(params: QueryParams) -> list[int]:
    """The ids of a `query`: `ids=1,2,3`."""
    try:
        return [int(part) for part in params.text("ids").split(",")]
    except ValueError as error:
        raise bad_parameter() from error
