"""SIP itself, as PBXs, proxies and capture agents send copies of it: HEP version 3."""
