"""Importers: bring existing data in through the same modules that live traffic uses.

Each is a package or module with `run(rt, folder, report) -> Summary`. An importer reads a folder, checks
every row, writes in batches, and can be killed and started again: ids are derived from the source's own
(`kernel.derived_ids`), so nothing comes in twice. What cannot come in is listed by file, row and reason.
"""
