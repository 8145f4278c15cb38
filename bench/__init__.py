"""Load scripts. Each prints a figure beside a limit measured in the same run, and their ratio.

`python -m bench` runs all; `python -m bench orders race` runs some. Results are appended to
bench/results/latest.json as {name, value, unit, limit, limit_value, ratio}.
"""
