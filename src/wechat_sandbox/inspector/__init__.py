"""The inspector: every exchange with its canonical string, its verdict and why, replayed and copied as curl.

`ring` keeps references on the hot path; everything else is worked out when somebody looks.
"""
