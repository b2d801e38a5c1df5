"""What an Asterisk or FreePBX needs so that Ringfence can act on it."""

HELP = "What an Asterisk or FreePBX needs of us"
ORDER = ("hook",)
