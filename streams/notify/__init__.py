"""Telling people: one message per incident and per change that matters."""
