"""Chaos: shoppers, staff and operators do at random what a mall does, while its parts die and time jumps.

`python -m bench.chaos --seed S --minutes M`, or `make chaos SEED=... MINUTES=...`. At the end everything must have
come to rest, `bihuan verify` must hold, the ledger must equal the sandbox's books to the fen, and every promise
that somebody was given over HTTP must be kept. Linux only: it finds the processes in /proc.

A seed fixes every decision: the n-th act of each actor with its dice, each kill and each jump of the clock. What a
seed cannot fix is how the machine interleaves them, and so which answers come and which ids are given.
"""
