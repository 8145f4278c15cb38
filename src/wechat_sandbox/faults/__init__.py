"""Faults on demand: what goes wrong between WeChat and a merchant's server, when it is asked for.

`rules` says what happens to which calls, notifications or pushes, how often and until when; `profiles` are
ready sets of rules; `calls` and `sends` do the harm. Without rules none of it runs.
"""
