"""Certificates for apps that sign by them: a root of the sandbox's own, Alipay's certificate, the app's.

After opendocs.alipay.com/common/057k53 ("公钥证书签名"): the serial number that requests and answers name is the MD5 of
the issuer's name (CN, OU, O, C) and the certificate's number in decimals; of the root file those signed by RSA, joined
by `_`.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_RSA = "1.2.840.113549.1.1."
YEARS = timedelta(days=5 * 365)


def new_roots(key: RSAPrivateKey) -> str:
    """The root file in PEM: the root's own certificate, and one of another kind of key, as Alipay's file has too."""
    other = ec.generate_private_key(ec.SECP256R1())
    rsa = _issue(key.public_key(), "Sandbox Alipay Root R1", key, "Sandbox Alipay Root R1", authority=True)
    return (
        rsa
        + "\n"
        + _issue(other.public_key(), "Sandbox Alipay Root E1", other, "Sandbox Alipay Root E1", authority=True)
    )


def issue(key: RSAPublicKey, name: str, root: RSAPrivateKey) -> str:
    """A certificate of the root's, in PEM."""
    return _issue(key, name, root, "Sandbox Alipay Root R1", authority=False)


def serial_of(pem: str) -> str:
    """`app_cert_sn`, `alipay_cert_sn`, and of the root file `alipay_root_cert_sn`."""
    found = x509.load_pem_x509_certificates(pem.encode())
    return "_".join(_serial(cert) for cert in found if cert.signature_algorithm_oid.dotted_string.startswith(_RSA))


def _serial(cert: x509.Certificate) -> str:
    kinds = (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME, NameOID.COUNTRY_NAME)
    values = [cert.issuer.get_attributes_for_oid(kind)[0].value for kind in kinds]
    name = ",".join(f"{short}={value}" for short, value in zip(("CN", "OU", "O", "C"), values, strict=True))
    return hashlib.md5(f"{name}{cert.serial_number}".encode(), usedforsecurity=False).hexdigest()


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sandbox"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Certification Authority"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _issue(
    key: RSAPublicKey | ec.EllipticCurvePublicKey,
    name: str,
    by: RSAPrivateKey | ec.EllipticCurvePrivateKey,
    issuer: str,
    *,
    authority: bool,
) -> str:
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + YEARS)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(by, SHA256())
    )
    return cert.public_bytes(Encoding.PEM).decode()
