"""What people dial in a country that the numbering metadata does not say: codes put before a number, and more."""

from hashlib import sha256

BEFORE_A_NUMBER = {
    "1": r"101\d{4}|11(?:67|82)",  # carrier; *67 and *82 from a rotary dial
    "27": r"197",
    "31": r"16\d\d",
    "32": r"1[56]\d\d",
    "33": r"3651|16\d\d",
    "34": r"067|10\d\d",
    "351": r"10\d\d",
    "353": r"14[12]|13\d{3}",
    "36": r"15\d\d",
    "39": r"10\d{2,3}(?=0|3)",
    "41": r"10[78]\d\d",
    "43": r"10\d\d",
    "44": r"14(?:1|70)|1280",
    "48": r"10\d\d",
    "49": r"010(?:0\d\d|[1-9]\d)",
    "52": r"0(?:1|4[45])",  # national prefixes until 2019
    "61": r"183[12]|14(?:1[14]|34|4[17]|[56]6|7[47]|88)",
    "64": r"019[67]",
    "65": r"15[12]\d",
    # 0033-010-... and 0033-03-...; four carriers were also dialled right before the calling code.
    "81": r"18[46]|00(?:[2-46-8]\d|1|91\d\d)(?=0)|00(?:1|33|41|61)",
    "852": r"133",
    "86": r"1(?:[12]\d|79)\d\d",
}
"""By calling code: carrier selection and withholding or showing the caller's number."""

EXIT_CODES = {
    "BY": r"8(?:[25]\d)10",
    "CO": r"0[579]",
    "FI": r"990",
    "ID": r"010\d\d",
    "KZ": r"8(?:[25]\d)10",
    "NL": r"09(?=[1-9])",
    "NO": r"095",
    "RU": r"8(?:[25]\d)10",  # 8, the carrier, 10
    "SE": r"009",
    "ZA": r"09(?=[1-9])",
}
"""Exit codes with a carrier in them, and those a country gave up but attackers still try."""

EMERGENCY = {
    "AE": r"996",
    "AR": r"10[356]",
    "AT": r"14[01]",
    "BR": r"19[1-9]",
    "CH": r"141[45]",
    "CN": r"122",
    "ES": r"0(?:16|6[12]|9[12])",
    "FR": r"11[4569]|19[167]",
    "GB": r"18000",
    "GR": r"108",
    "IT": r"11[47]|15(?:15|30)",
    "JP": r"118",
    "KR": r"1(?:1[13]|22)",
    "KZ": r"104",
    "MX": r"06\d|080",
    "MY": r"99[14]",
    "PL": r"98[4-7]|99[1-6]",
    "RU": r"0?104|04",
    "TR": r"15[68]|177",
    "TW": r"11[38]",
    "UA": r"104",
    "ZA": r"107|1011177",
}
"""Rescue, police and coast guard over and above the metadata; dialled so, or behind a configured access digit."""

_DIRECTORY = r"118\d{2,3}"
_DIRECTORY_COUNTRIES = ["AT", "BG", "DE", "ES", "FI", "FR", "GB", "GR", "HU", "IE", "LU", "PT", "SE", "TR"]
SHORT_PREMIUM = dict.fromkeys(_DIRECTORY_COUNTRIES, _DIRECTORY) | {
    "CA": r"976\d{4}",
    "FR": rf"{_DIRECTORY}|32\d\d",
    "IT": r"12\d\d|4\d{4}",
    "US": r"976\d{4}",
}
"""Short numbers that cost: directory enquiries, which connect to anywhere and charge by the minute; 976."""

KINDS = {
    "CA": {"premium": r"[2-9]\d\d976\d{4}"},
    "DE": {"premium": r"190\d{6,7}"},
    "FR": {"premium": r"836\d{6}"},
    # Premium to the metadata, although the surcharge is capped at a few pence: every business dials them.
    "GB": {"shared_cost": r"8(?:4[2-5]|7[0-3])\d{7}|845464\d"},
    "IT": {"premium": r"1(?:44|66)\d{6,7}"},
    "US": {"premium": r"[2-9]\d\d976\d{4}"},
}
"""Ranges whose kind the metadata does not know or calls differently."""

BILLED_TOGETHER = (
    ("AU", "CC", "CX"),
    ("BL", "GP", "MF"),
    ("FI", "AX"),
    ("GB", "GG", "IM", "JE"),
    ("IT", "VA"),
    ("MA", "EH"),
    ("NO", "SJ"),
    ("RE", "YT"),
    ("US", "AS", "GU", "MP", "PR", "VI"),
)
"""Countries and territories that are not abroad for each other."""

DIGEST = sha256(
    repr((BEFORE_A_NUMBER, EXIT_CODES, EMERGENCY, SHORT_PREMIUM, KINDS, BILLED_TOGETHER)).encode()
).hexdigest()[:8]
