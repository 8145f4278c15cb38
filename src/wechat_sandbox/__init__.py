"""A WeChat for the desk: signs, encrypts, pushes, retries and refuses as WeChat does.

It is a product of its own and imports nothing from bihuan: one misreading of the protocol
must not pass on both sides.
"""

__version__ = "0.1.0"
