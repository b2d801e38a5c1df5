"""Raw events as Parquet: fill, list, check, export, erase."""

HELP = "The archive: raw events as Parquet, by PBX and UTC day. What is in it, and how to read it: docs/archive.md"
ORDER = ("list", "check", "export", "compact", "erase", "follow", "import")
