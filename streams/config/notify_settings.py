"""Who is told: receivers of messages, and people whom a PBX calls."""

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from detector.contract.vocabulary import Severity
from detector.settings.params import Params, Seconds
from detector.settings.values import Extension, Identifier, Short, Snake, as_text, matching, refusal
from streams.config.secrets import Secret

PhoneNumber = Annotated[
    str, BeforeValidator(as_text), AfterValidator(matching(r"\+?[0-9*#]{1,32}", "a number as it is dialled"))
]


class Notify(Params):
    """A receiver of messages: an Apprise URL, the least severity, the kinds of incident (none: all)."""

    name: Identifier
    url: Secret
    severity: Severity = Severity.WARNING
    repeat: Seconds = 1_800.0
    incidents: tuple[Snake, ...] = ()


class CallOut(Params):
    """Somebody the PBX calls: an extension or an outside number, and the prompt it plays."""

    extension: Extension | None = None
    number: PhoneNumber | None = None
    prompt: Short | None = None
    severity: Severity = Severity.CRITICAL

    @model_validator(mode="after")
    def _one_callee(self) -> Self:
        if (self.extension is None) == (self.number is None):
            raise refusal("exactly one of extension and number is needed")
        return self
