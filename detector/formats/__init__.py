"""Input formats: raw records in, contract events out, pure."""

from detector.formats.base import Format, FormatOptions, formats

__all__ = ["Format", "FormatOptions", "formats"]
