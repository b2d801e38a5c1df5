"""The telephone system itself: registrations, calls, routes, records."""
