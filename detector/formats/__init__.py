"""Input formats: raw records in, contract events out, pure."""

from detector.formats.format import Format, FormatOptions, formats

__all__ = ["Format", "FormatOptions", "formats"]
