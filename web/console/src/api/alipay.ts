/** The account at Alipay. Keys are written, never read. */
import { del, get, post, put, type Page, type Query } from './http'

export interface AlipayAccount {
  app_id: string
  seller_id: string
  private_key_fingerprint: string
  alipay_public_key_fingerprint: string
  notify_url: string
  installed: boolean
  /** In certificate mode: until when both certificates are valid. */
  certificates_until: string | null
  updated_at: string
}

export const alipayAccount = (): Promise<AlipayAccount> => get('/api/merchant/alipay-account')
export const saveAlipayAccount = (account: Record<string, unknown>, key: string): Promise<AlipayAccount> =>
  put('/api/merchant/alipay-account', account, key)
export const stopAlipay = (key: string): Promise<void> => del('/api/merchant/alipay-account', key)

export interface BillDay {
  seller_id: string
  day: string
  state: 'waiting' | 'matched' | 'failed'
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
  open_differences: number
  matched_at: string | null
}

export interface BillDifference {
  difference_id: string
  day: string
  kind: 'missing_here' | 'missing_there' | 'amount'
  subject: 'payment' | 'refund'
  number: string
  trade_no: string
  here_fen: number | null
  there_fen: number | null
  state: 'open' | 'resolved'
  resolution: string | null
  note: string
}

export const billDays = (query: Query): Promise<Page<BillDay>> => get('/api/merchant/alipay-bills', query)
export const retryDay = (day: BillDay, key: string): Promise<void> =>
  post(`/api/merchant/alipay-bills/${day.seller_id}/${day.day}/retry`, {}, key)
export const billDifferences = (query: Query): Promise<Page<BillDifference>> =>
  get('/api/merchant/alipay-differences', query)
export const acceptDifference = (id: string, note: string, key: string): Promise<void> =>
  post(`/api/merchant/alipay-differences/${id}/accept`, { note }, key)
