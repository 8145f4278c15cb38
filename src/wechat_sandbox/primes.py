"""RSA keys that follow from a seed: the same at every start, so that a client's configuration stays true.

A deterministic stream gives a place to start, the next prime from there is taken. Finding one costs about
80 ms in Python; where it was found is remembered (`places`), and then only confirmed.
"""

import hashlib
import hmac
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

EXPONENT = 65537
_BITS = 1024
_SPAN = 4096
"""Odd numbers looked at in one go."""
_WITNESSES = (2, 3, 5, 7, 11, 13, 17, 19)


@cache
def _small_primes() -> tuple[int, ...]:
    marks = bytearray([1]) * 32768
    for number in range(3, 182, 2):
        if marks[number]:
            marks[number * number :: 2 * number] = bytes(len(range(number * number, 32768, 2 * number)))
    return tuple(number for number in range(3, 32768, 2) if marks[number])


def _start(secret: bytes, label: str) -> int:
    """1,024 bits that depend on secret and label alone; the upper two are set, so that n has 2,048."""
    blocks = (hmac.new(secret, f"{label}:{count}".encode(), hashlib.sha256).digest() for count in range(4))
    return int.from_bytes(b"".join(blocks), "big") | (3 << (_BITS - 2)) | 1


def _is_prime(number: int) -> bool:
    """Miller and Rabin with fixed bases: for numbers that nobody chose to deceive."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(number, base, odd, twos) for base in _WITNESSES)


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    value = pow(base, odd, number)
    if value in (1, number - 1):
        return True
    for _ in range(twos - 1):
        value = value * value % number
        if value == number - 1:
            return True
    return False


def _good(number: int) -> bool:
    return pow(2, number - 1, number) == 1 and (number - 1) % EXPONENT != 0


def find_prime(secret: bytes, label: str, known: int | None = None) -> tuple[int, int]:
    """The prime of a label and how many odd numbers after the start it lies; `known` saves the search."""
    start = _start(secret, label)
    if known is not None and _good(start + 2 * known):
        return start + 2 * known, known
    for base in range(0, 1 << 20, _SPAN):
        marks = bytearray([1]) * _SPAN
        for prime in _small_primes():
            # the first i >= 0 with start + 2 (base + i) divisible by the small prime
            first = -(start + 2 * base) * ((prime + 1) // 2) % prime
            marks[first::prime] = bytes(len(range(first, _SPAN, prime)))
        for place in range(_SPAN):
            if marks[place]:
                number = start + 2 * (base + place)
                if _good(number) and _is_prime(number):
                    return number, base + place
    raise AssertionError("no prime among two million numbers")


def derive_key(secret: bytes, known: tuple[int, int] | None = None) -> tuple[rsa.RSAPrivateKey, tuple[int, int]]:
    """The 2,048-bit key of a secret, and where its primes lie."""
    p, p_place = find_prime(secret, "p", known and known[0])
    q, q_place = find_prime(secret, "q", known and known[1])
    if p < q:
        p, q = q, p
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)  # proven prime just now
    return key, (p_place, q_place)
