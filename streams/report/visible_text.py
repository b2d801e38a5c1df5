"""Text of others as it may be shown: what is invisible shows."""


def visible(value: object) -> object:
    """Text whose invisible characters show: names on a PBX may be hostile."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in value)
