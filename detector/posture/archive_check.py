"""Backups leave the PBX (C32)."""

from detector.audit.posture import Posture, told
from detector.audit.posture_check import Judgement, PostureCheck, register
from detector.contract.vocabulary import Severity


@register
class ArchiveCheck(PostureCheck):
    """Backups are kept elsewhere."""

    id = "archive"
    control = "C32"
    title = "Backups are kept elsewhere"
    severity = Severity.WARNING
    reason = "A backup on a PBX that was taken over, or has burnt, is none."
    steps = (
        "System > Storage: add an FTP, SFTP, S3-compatible, Google Cloud Storage or SharePoint archive.",
        "Maintenance > Backup and Restore: archive backups there.",
    )

    def judged(self, posture: Posture) -> Judgement:  # noqa: D102
        archive = told(posture.declared.archive, "archive")
        if archive.known() == "none":
            return self.weak("backups stay on the PBX", archive)
        return self.good(f"backups go to {archive.known()}", archive)
