"""Sources that belong to no make of PBX: copies of SIP by HEP."""
