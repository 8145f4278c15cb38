"""The kernel: what every module stands on and nothing of commerce.

`db` (transactions on PostgreSQL), `ids`, `money`, `clock`, `errors` (problem details), `http` (access,
request ids), `events` (facts and their deliveries), `jobs` (periodic work), `idempotency`, `paging`,
`vault` (secrets at rest), `log`. Modules import these files directly: `from bihuan.kernel import db`.
"""
