/** The finance rooms: flows, months, codes and files of the book; for operators, the runs of the invariants. */
import { get, post, put, queryString, type Page, type Query } from './http'
import type { LedgerAccount } from './types'
import type {
  AccountCode, CashFlow, Checklist, Income, Months, TransactionDetail, Turnover, VerifyDetail, VerifyRun, VerifyStatus,
} from './types/finance'

const base = '/api/merchant/finance'

export const balancesOn = (on: string): Promise<Page<LedgerAccount>> => get('/api/merchant/ledger/accounts', { on })
export const sources = (): Promise<Page<string>> => get('/api/merchant/ledger/sources')
export const turnovers = (first: string, last: string): Promise<Page<Turnover>> => get('/api/merchant/ledger/turnovers', { first, last })
export const transaction = (id: string): Promise<TransactionDetail> => get(`${base}/transactions/${id}`)
export const cashFlow = (first: string, last: string): Promise<CashFlow> => get(`${base}/cash-flow`, { first, last })
export const income = (first: string, last: string): Promise<Income> => get(`${base}/income`, { first, last })
export const journalFile = (query: Query): string => `${base}/journal${queryString(query)}`

export const months = (): Promise<Months> => get(`${base}/months`)
export const checklist = (month: string): Promise<Checklist> => get(`${base}/months/${month}/checklist`)
export const closeMonth = (month: string, key: string): Promise<Checklist> => post(`${base}/months/${month}/close`, {}, key)
export const vouchersFile = (month: string, format: string): string => `${base}/months/${month}/vouchers?format=${format}`
export const codes = (): Promise<Page<AccountCode>> => get(`${base}/account-codes`)
export const saveCodes = (items: { account: string; code: string; name: string }[], key: string): Promise<Page<AccountCode>> =>
  put(`${base}/account-codes`, { items }, key)

const runs = '/api/platform/verify-runs'
export const verifyRuns = (): Promise<VerifyStatus> => get(runs)
export const verifyRun = (id: string): Promise<VerifyDetail> => get(`${runs}/${id}`)
export const askVerify = (scope: 'whole' | 'recent', key: string): Promise<VerifyStatus> => post(runs, { scope }, key)
export const seeVerify = (id: string): Promise<VerifyRun> => post(`${runs}/${id}/seen`)
export const monthsOf = (merchant: string): Promise<Months> => get(`/api/platform/merchants/${merchant}/months`)
export const reopenMonth = (merchant: string, month: string, reason: string, key: string): Promise<Months> =>
  post(`/api/platform/merchants/${merchant}/months/reopen`, { month, reason }, key)
