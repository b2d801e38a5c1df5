"""An authority of a test's own, and a certificate by it for this machine."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def authority(folder: Path, server: str) -> None:
    """`ca.pem`, and a certificate for 127.0.0.1 with its key in the file `<server>.pem`."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ca", server)}
    names = {name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Ringfence test {name}")]) for name in keys}
    now = datetime.now(UTC)
    for name, key in keys.items():
        certificate = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["ca"])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(keys["ca"], hashes.SHA256())
            .public_bytes(Encoding.PEM)
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) if name == server else b""
        (folder / f"{name}.pem").write_bytes(private + certificate)
