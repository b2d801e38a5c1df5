"""The PBX is backed up by schedule (C31)."""

from math import inf

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity

OLDEST_DAYS = 31


@register
class BackupCheck(PostureCheck):
    """There is a recent backup."""

    id = "backup"
    control = "C31"
    title = "There is a recent backup"
    severity = Severity.WARNING
    reason = "After an attack, or a repair gone wrong, a backup is the way back."
    steps = ("Maintenance > Backup and Restore > Backup Schedule: back up every week at least.",)

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        schedule = told(posture.declared.backup_schedule, "backup_schedule")
        age = posture.backup_age
        if age.value is not None and age.value > OLDEST_DAYS:
            text = "there is no backup" if age.value == inf else f"the last backup is {age.value:.0f} days old"
            return self.weak(text, age)
        if not schedule.known():
            return self.weak("there is no backup schedule", schedule)
        return self.good(f"the last backup is {age.known():.0f} days old", age, schedule)
