"""The PBX tells somebody when it locks out, drops or refuses (C30)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

WANTED = (
    "extension_registration_blocked_out",
    "web_user_blocked_out",
    "linkus_user_blocked_out",
    "auto_defense_ip_blocked_out",
    "outbound_call_frequency_exceeded",
    "outbound_call_to_a_disallowed_country",
    "api_authentication_blocked_out",
)


@register
class NotificationsCheck(PostureCheck):
    """Somebody is told of attacks."""

    id = "notifications"
    control = "C30"
    title = "Somebody is told of attacks"
    severity = Severity.WARNING
    reason = "An attack that nobody hears of goes on."
    steps = (
        "System > Event Notification > Event: switch on every security event.",
        "System > Event Notification > Notification Contacts: add somebody who reads it at night.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        on = told(posture.declared.notifications, "notifications")
        contacts = told(posture.declared.notification_contacts, "notification_contacts")
        off = [name for name in WANTED if name not in on.known()]
        if off:
            return self.weak(f"{len(off)} events are told to nobody", on, evidence=off)
        if contacts.known() == 0:
            return self.weak("there is nobody to be told", on, contacts)
        return self.good(f"{contacts.known()} are told of {len(WANTED)} security events", on, contacts)
