"""The contract (schema 1): events in, findings out, as msgspec types."""
