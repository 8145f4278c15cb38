import type { LedgerTransaction } from './ledger'

export interface Turnover {
  account: string
  name: string
  kind: string
  opening_fen: number
  debit_fen: number
  credit_fen: number
  closing_fen: number
}

/** What a transaction comes from: `kind` says what `id` is of. In the platform's book `merchant_id` says whose. */
export interface Origin {
  kind: string
  id: string
  label: string
  merchant_id: string | null
  day: string | null
  mchid: string | null
  shopper_id: string | null
}

export interface TransactionDetail {
  transaction: LedgerTransaction
  origins: Origin[]
}

export interface CashFlow {
  days: { day: string; channel: string; in_fen: number; out_fen: number }[]
  channels: { channel: string; name: string }[]
}

export interface Income {
  days: { day: string; income_fen: number; deductions_fen: number; net_fen: number }[]
  by_account: { account: string; name: string; amount_fen: number }[]
  net_fen: number
}

export interface Months {
  months: { month: string; state: 'open' | 'closed'; ended: boolean; turnover_fen: number }[]
  history: { kind: string; month: string; at: string; by: string; reason: string }[]
  next: string | null
}

export interface ChecklistLine {
  name: string
  holds: boolean
  count: number
  detail: string
}

export interface Checklist {
  month: string
  ready: boolean
  lines: ChecklistLine[]
}

export interface AccountCode {
  account: string
  our_name: string
  code: string
  name: string
  own: boolean
}

export interface VerifyRun {
  run_id: string
  cause: 'night' | 'person'
  scope: 'whole' | 'recent'
  asked_at: string
  started_at: string | null
  finished_at: string | null
  state: 'asked' | 'running' | 'held' | 'failed' | 'unfinished' | 'broken'
  since: string | null
  seen_at: string | null
  checks: number
  failing: number
}

export interface VerifyStatus {
  runs: VerifyRun[]
  alert: boolean
  under_way: boolean
}

export interface VerifyDetail {
  run: VerifyRun
  findings: { name: string; means: string; count: number; offenders: string[]; seconds: number; unfinished: boolean }[]
}
