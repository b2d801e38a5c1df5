"""What can block an address; which enforcers there are, who reads the configuration is told by who has them."""

from collections.abc import Mapping

from pydantic import ConfigDict, create_model

from detector.settings.params import Params

EnforcerSettings = Mapping[str, type[Params]]
"""Every enforcer by its name, and what can be set of it."""


class Enforcers(Params):
    """What can block an address, each with its own settings; none is used unless named. Here any name will do."""

    model_config = ConfigDict(extra="allow")

    def named(self) -> dict[str, object]:
        """Those that are used, with their settings."""
        return {name: given for name, given in self if given is not None}


class KnownEnforcers(Enforcers):
    """The same where no other names will do than those of fields."""

    model_config = ConfigDict(extra="forbid")


def knowing(enforcers: EnforcerSettings) -> type[Enforcers]:
    """The settings where these are all the enforcers there are."""
    fields = {name: (settings | None, None) for name, settings in enforcers.items()}
    return create_model("Enforcers", __base__=KnownEnforcers, **fields)  # type: ignore[call-overload, no-any-return]
