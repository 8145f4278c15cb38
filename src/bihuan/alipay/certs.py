"""Certificates of Alipay's certificate mode (公钥证书): ours, Alipay's, and the roots that vouch for Alipay's.

https://opendocs.alipay.com/common/057k53: requests name ours and the roots by serial numbers (`app_cert_sn`,
`alipay_root_cert_sn`), answers and notifications name Alipay's (`alipay_cert_sn`). The serial numbers are the SDK's to
make. Nothing is fetched here: what does not fit together is refused before it is kept.
"""

import re
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bihuan.alipay.errors import KeyNotUsable
from bihuan.alipay.keys import private_fingerprint, public_fingerprint

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[\s0-9A-Za-z+/=]+-----END CERTIFICATE-----")
_MOST = 12
"""Certificates in one file: Alipay's root file has four."""


class Certificates(msgspec.Struct, frozen=True):
    """The three files as the open platform gives them."""

    app_cert_pem: str
    alipay_cert_pem: str
    alipay_root_cert_pem: str


def check_certificates(given: Certificates, private_key_pem: str, now: datetime) -> Certificates:
    """The same in plain PEM, two line ends between certificates, as the SDK reads them.

    The app's certificate must be of the private key, Alipay's must lead to a root, both must be valid now. Raises
    KeyNotUsable, whose `field` names what does not fit.
    """
    app, *_ = _certificates(given.app_cert_pem, "app_cert_pem")
    alipay = _certificates(given.alipay_cert_pem, "alipay_cert_pem")
    roots = _certificates(given.alipay_root_cert_pem, "alipay_root_cert_pem")
    if public_fingerprint(_public_pem(app, "app_cert_pem")) != private_fingerprint(private_key_pem):
        raise KeyNotUsable("app_cert_pem")
    for cert, field in ((app, "app_cert_pem"), (alipay[0], "alipay_cert_pem")):
        if not cert.not_valid_before_utc <= now <= cert.not_valid_after_utc:
            raise KeyNotUsable(field)
    if not _leads_to(alipay[0], alipay[1:], roots):
        raise KeyNotUsable("alipay_cert_pem")
    return Certificates(_pem([app]), _pem(alipay), _pem(roots))


def public_key_of(cert_pem: str, field: str = "alipay_cert_pem") -> str:
    """The public key of a file's first certificate, in PEM. Raises KeyNotUsable."""
    return _public_pem(_certificates(cert_pem, field)[0], field)


def valid_until(cert_pem: str) -> datetime:
    """Until when a file's first certificate is valid. Raises KeyNotUsable."""
    return _certificates(cert_pem, "alipay_cert_pem")[0].not_valid_after_utc


def _certificates(text: str, field: str) -> list[x509.Certificate]:
    blocks = _BLOCK.findall(text)
    if not 0 < len(blocks) <= _MOST:
        raise KeyNotUsable(field)
    try:
        return [x509.load_pem_x509_certificate(block.encode()) for block in blocks]
    except (ValueError, TypeError) as error:
        raise KeyNotUsable(field) from error


def _public_pem(cert: x509.Certificate, field: str) -> str:
    try:
        key = cert.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyNotUsable(field) from error
    if not isinstance(key, RSAPublicKey):
        raise KeyNotUsable(field)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _leads_to(cert: x509.Certificate, between: list[x509.Certificate], roots: list[x509.Certificate]) -> bool:
    """Whether somebody in `roots` vouches for it, by the certificates between."""
    if any(_issued(cert, root) for root in roots):
        return True
    return any(
        _issued(cert, one) and _leads_to(one, [other for other in between if other is not one], roots)
        for one in between
    )


def _issued(cert: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        cert.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):  # the roots of SM2 among them
        return False
    return True


def _pem(certs: list[x509.Certificate]) -> str:
    return "\n\n".join(cert.public_bytes(Encoding.PEM).decode().strip() for cert in certs) + "\n"
