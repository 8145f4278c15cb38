"""The same seed makes the same sandbox: accounts, keys and certificates, byte for byte."""

from math import gcd

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.wechat_sandbox.desk import Merchant, Sandbox
from wechat_sandbox.accounts import ensure_defaults
from wechat_sandbox.known_primes import KNOWN
from wechat_sandbox.primes import EXPONENT, derive_key, find_prime
from wechat_sandbox.store import Store
from wechat_sandbox.world import Settings, World


def test_the_same_at_every_start(sandbox: Sandbox) -> None:
    again = Sandbox()
    try:
        path = "/_sandbox/merchants/1900000102"
        ours, theirs = sandbox.get(path), again.get(path)
        for name in ("private_key_pem", "certificate_pem", "platform_certificate_pem", "public_key_pem", "apiv3_key"):
            assert ours[name] == theirs[name]
        merchant = Merchant(again, ours)  # configured from one, used at the other
        target = f"/v3/pay/transactions/out-trade-no/T00000001?mchid={merchant.mchid}"
        assert merchant.call("GET", target).json()["code"] == "ORDER_NOT_EXIST"
    finally:
        assert again.stop() == 0


def test_another_seed_has_other_keys() -> None:
    pems = set[str]()
    for seed in ("bihuan", "a", "b"):
        world = World(Store(), Settings(seed=seed))
        ensure_defaults(world)
        merchant = world.merchants.values()[0]
        pems.add(world.keys.merchant(merchant).private_pem)
    assert len(pems) == 3


def test_keys_are_sound() -> None:
    secret = b"any secret"
    key, place = derive_key(secret)
    numbers = key.private_numbers()
    assert derive_key(secret, place)[0].private_numbers() == numbers
    assert (key.key_size, numbers.public_numbers.e) == (2048, EXPONENT)
    assert gcd(numbers.p - 1, EXPONENT) == gcd(numbers.q - 1, EXPONENT) == 1
    numbers.private_key()  # the library's own proof of every number, primality included
    assert derive_key(secret, (1, 2))[0].private_numbers() == numbers  # a wrong place is noticed


def test_what_is_known_is_what_a_search_finds() -> None:
    world = World(Store())
    ensure_defaults(world)
    secrets = {
        secret[:8].hex(): secret
        for merchant in world.merchants.values()
        for kind in ("merchant", "platform", "public")
        for secret in [world.derive(f"key:{kind}:{merchant.mchid}")]
    }
    assert secrets.keys() == KNOWN.keys()
    for name in sorted(KNOWN)[:2]:  # each search takes a while
        assert (find_prime(secrets[name], "p")[1], find_prime(secrets[name], "q")[1]) == KNOWN[name]
    for name, secret in secrets.items():
        assert derive_key(secret, KNOWN[name])[1] == KNOWN[name]


def test_certificates_belong_to_their_keys(merchant: Merchant) -> None:
    for pem in (merchant.row["certificate_pem"], merchant.row["platform_certificate_pem"]):
        certificate = x509.load_pem_x509_certificate(pem.encode())
        certificate.verify_directly_issued_by(certificate)
    own = x509.load_pem_x509_certificate(merchant.row["certificate_pem"].encode())
    key = load_pem_private_key(merchant.row["private_key_pem"].encode(), None)
    assert own.public_key() == key.public_key()
    assert f"{own.serial_number:X}" == merchant.row["serial_no"]
