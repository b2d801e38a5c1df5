"""The command line: one file a command; the only place that prints, reads arguments and exits."""

ORDER = (
    "replay", "convert", "check", "audit", "backtest", "import", "run", "worker", "gateway", "serve", "password",
    "incidents", "actions", "undo", "allow", "mute", "stop-acting", "resume", "topics", "sim", "demo", "archive",
    "blocks", "asterisk",
)  # fmt: skip
"""As `--help` lists the commands of this folder; one that is not named comes last."""
