/** Days reconciled against WeChat's bills, and what differs. Operators see those of every merchant. */
import { get, post, queryString, type Page, type Query } from './http'

export type Scope = 'merchant' | 'platform'

export interface Day {
  merchant_id: string
  merchant_name?: string
  mchid: string
  day: string
  sp_mchid: string
  state: string
  due_at: string
  error_code: string | null
  error: string | null
  payments: number
  paid_fen: number
  refunds: number
  refunded_fen: number
  fees_fen: number
  here_payments: number
  here_paid_fen: number
  here_refunds: number
  here_refunded_fen: number
  opening_fen: number | null
  closing_fen: number | null
  book_opening_fen: number | null
  book_closing_fen: number | null
  withdrawn_fen: number
  in_transit_fen: number
  frozen_fen: number
  shared_fen: number
  differing_fen: number
  unexplained_fen: number | null
  differences: number
  open_differences: number
}

export interface Bill {
  kind: string
  hash: string
  bytes: number
  rows: number | null
  amount_fen: number | null
  file: boolean
}

export interface Move {
  move_id: string
  at: string
  kind: string
  business_type: string
  number: string
  amount_fen: number
}

export interface Difference {
  merchant_id: string
  merchant_name?: string
  difference_id: string
  mchid: string
  day: string
  kind: string
  subject: string
  number: string
  out_number: string
  at: string
  here_fen: number | null
  there_fen: number | null
  here_state: string | null
  there_state: string | null
  book_fen: number
  action: string
  record_id: string | null
  purpose: string | null
  reference_id: string | null
  state: string
  resolution: string | null
  rule: string | null
  note: string
  staff_name: string | null
  resolved_at: string | null
}

/** What the bills say of an account over some days. */
export interface AccountSheet {
  mchid: string
  sp_mchid: string
  active: boolean
  matched_days: number
  missing_days: number
  opening_fen: number | null
  paid_fen: number
  refunded_fen: number
  fees_fen: number
  withdrawn_fen: number
  other_fen: number | null
  closing_fen: number | null
  closed_on: string | null
  open_differences: number
  open_fen: number
}

const ROOM = '/api/merchant/reconciliation'

export async function days(scope: Scope, query: Query): Promise<Page<Day>> {
  if (scope === 'merchant') return get(`${ROOM}/days`, query)
  const page = await get<Page<{ merchant_name: string; day: Day }>>('/api/platform/reconciliation/days', query)
  return { ...page, items: page.items.map((one) => ({ ...one.day, merchant_name: one.merchant_name })) }
}

export async function differences(scope: Scope, query: Query): Promise<Page<Difference>> {
  if (scope === 'merchant') return get(`${ROOM}/differences`, query)
  const page = await get<Page<{ merchant_name: string; difference: Difference }>>('/api/platform/reconciliation/differences', query)
  return { ...page, items: page.items.map((one) => ({ ...one.difference, merchant_name: one.merchant_name })) }
}

export const accounts = (first: string, last: string): Promise<{ accounts: AccountSheet[]; clearing_fen: number; bank_fen: number; differences_fen: number }> =>
  get(`${ROOM}/accounts`, { first, last })
export const day = (d: Day): Promise<{ day: Day; bills: Bill[]; moves: Move[] }> => get(`${ROOM}/days/${d.day}/${d.mchid}`)
export const again = (date: string, mchid: string | null): Promise<Page<Day>> => post(`${ROOM}/days`, { day: date, mchid })
export const resolve = (d: Difference, action: string, note: string, key: string): Promise<Difference> =>
  post(`${ROOM}/differences/${d.difference_id}/resolve`, { action, note }, key)
export const billFile = (d: Day, kind: string): string => `${ROOM}/days/${d.day}/${d.mchid}/bills/${kind}`
export const daysFile = `${ROOM}/days.csv`
export const differencesFile = (query: Query): string => `${ROOM}/differences.csv${queryString(query)}`
