"""Enrichment: numbers, addresses, calendar, tariff and the ledger of calls."""
