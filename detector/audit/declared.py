"""The settings file of an audit: what the PBX's portal shows and its API does not; None is unknown."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt

from detector.settings.frequency import parse
from detector.settings.params import Params
from detector.settings.values import Address, Countries, Extension, Port, Short, Snake, as_text, matching, refusal

Version = Annotated[str, BeforeValidator(as_text), AfterValidator(matching(r"[0-9.]{1,32}", "such as 37.23.0.123"))]
Code = Annotated[str, BeforeValidator(as_text), AfterValidator(matching(r"[0-9]{1,4}", 'a country code such as "49"'))]
Rate = Annotated[str, AfterValidator(matching(r"[0-9]{1,3}/[0-9]{1,5}", "packets/seconds such as 40/2"))]


def frequency(value: str) -> str:
    """The guide's syntax, or an empty text for none."""
    try:
        parse(value) if value else None
    except ValueError as error:
        raise refusal(str(error), "5/1/second, rules joined with &, or empty for none") from None
    return value


class Declared(Params):
    """One PBX. The description of each field says where the portal shows it, its example what it looks like."""

    latest_firmware: Version | None = Field(
        None, description="C01: the newest firmware for this model", examples=["37.23.0.123"]
    )
    ssh: bool | None = Field(None, description="C02: is SSH access on?", examples=[False])
    exposed_services: dict[Short, Port] | None = Field(
        None,
        description="C03: what answers from the Internet, and on which port: sip, sip_tls, https, http, ssh, ldap, ami",
        examples=[{}],
    )
    port_forwarding: bool | None = Field(
        None, description="C04: does a router forward ports to the PBX?", examples=[False]
    )
    shared_blocklist: bool | None = Field(
        None, description="C05: has it joined the global anti-hacking list?", examples=[True]
    )
    allowed_countries: Countries | None = Field(
        None, description="C06: countries that may reach it; [] is all of them", examples=[["US"]]
    )
    static_accept: tuple[Address, ...] | None = Field(
        None, description="C07: what Static Defense always accepts", examples=[["192.168.20.0/24"]]
    )
    auto_defense: dict[Short, Rate] | None = Field(
        None,
        description="C08: Auto Defense, packets/seconds of each service; {} is off",
        examples=[{"sip": "40/2", "https": "120/60", "ssh": "10/60"}],
    )
    registration_attempts: NonNegativeInt | None = Field(
        None, description="C09: failed registrations until an address is blocked; 0 is never", examples=[5]
    )
    concurrent_registrations: dict[Extension, NonNegativeInt] | None = Field(
        None, description="C11: who needs more than one device, and how many", examples=[{"1003": 3}]
    )
    remote_extensions: tuple[Extension, ...] | None = Field(
        None, description="C14: who has to register from outside", examples=[["1003"]]
    )
    login_attempts: NonNegativeInt | None = Field(
        None, description="C15: failed logins until an address is refused; 0 is never", examples=[5]
    )
    single_sign_on: bool | None = Field(None, description="C16: do users log in by single sign-on?", examples=[True])
    two_factor: bool | None = Field(
        None, description="C17: is a second factor mandatory for everybody?", examples=[True]
    )
    login_link_once: bool | None = Field(
        None, description="C18: are login links and QR codes good for one login only?", examples=[True]
    )
    password_min_length: NonNegativeInt | None = Field(
        None, description="C19: least length of user passwords", examples=[10]
    )
    password_history: NonNegativeInt | None = Field(
        None, description="C19: how many old passwords may not be used again", examples=[5]
    )
    administrators: tuple[Extension, ...] | None = Field(
        None, description="C20: extensions that are to have an administrator role", examples=[["1000"]]
    )
    remote_login_restricted: bool | None = Field(
        None, description="C21: may only some accounts log in from outside?", examples=[True]
    )
    routes_for_everybody: tuple[Short, ...] | None = Field(
        None, description="C22: outbound routes that are meant for everybody", examples=[["National"]]
    )
    routes_with_time_condition: tuple[Short, ...] | None = Field(
        None, description="C24: outbound routes with a time condition", examples=[["International"]]
    )
    allowed_country_codes: tuple[Code, ...] | None = Field(
        None, description="C25: countries that may be called; [] is all of them", examples=[["1", "44", "49"]]
    )
    call_frequency: Annotated[str, AfterValidator(frequency)] | None = Field(
        None, description='C27: Outbound Call Frequency of extensions; "" is none', examples=["5/1/second"]
    )
    trunk_calls: dict[Short, NonNegativeInt] | None = Field(
        None, description="C28: most calls at once of each trunk; 0 is no limit", examples=[{"carrier-a": 30}]
    )
    max_call_seconds: NonNegativeInt | None = Field(
        None, description="C29: longest call of everybody; 0 is no limit", examples=[7200]
    )
    notifications: tuple[Snake, ...] | None = Field(
        None,
        description="C30: events whose notification is on, as the guide names them, in snake case",
        examples=[
            [
                "extension_registration_blocked_out",
                "web_user_blocked_out",
                "linkus_user_blocked_out",
                "auto_defense_ip_blocked_out",
                "outbound_call_frequency_exceeded",
                "outbound_call_to_a_disallowed_country",
                "api_authentication_blocked_out",
            ]
        ],
    )
    notification_contacts: NonNegativeInt | None = Field(None, description="C30: how many are told", examples=[2])
    backup_schedule: bool | None = Field(None, description="C31: is there a backup schedule?", examples=[True])
    archive: Literal["none", "ftp", "sftp", "s3", "gcs", "sharepoint"] | None = Field(
        None, description="C32: where backups are archived: none, ftp, sftp, s3, gcs, sharepoint", examples=["sftp"]
    )
