"""The `/openapi/v1.0/` endpoints: one function each, registered by verb and path."""
