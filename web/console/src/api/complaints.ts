import { get, post, type Page, type Query } from './http'

export type ComplaintState = 'pending' | 'processing' | 'processed'

export interface Complaint {
  complaint_id: string
  complaint_no: string
  mchid: string
  state: ComplaintState
  /** An answer of the merchant's is waited for. */
  waits: boolean
  problem_type: 'refund' | 'service' | 'other'
  problem: string
  detail: string
  pictures: string[]
  amount_fen: number
  asked_fen: number | null
  full_refunded: boolean
  user_waits: boolean
  platform_helps: boolean
  times: number
  order_id: string | null
  order_no: string | null
  shopper_name: string | null
  transaction_id: string
  complained_at: string
  answered_at: string | null
  answer_by: string | null
  finish_by: string | null
}

export interface ComplaintOrder {
  order_id: string
  order_no: string
  state: string
  total_fen: number
  paid_fen: number
  refunded_fen: number
  created_at: string
  lines: { title: string; option_values: string[]; image_url: string | null; quantity: number; total_fen: number }[]
}

export interface ComplaintEvent {
  at: string
  side: 'shopper' | 'merchant' | 'platform' | 'system'
  operator: string
  kind: string
  details: string
  pictures: string[]
}

/** An answer that WeChat has not confirmed yet, or the last that it refused. */
export interface Answer {
  answer_id: string
  kind: 'reply' | 'complete'
  content: string
  pictures: string[]
  state: 'sending' | 'refused'
  error: string | null
  created_at: string
}

export interface ComplaintDetail extends Complaint {
  order: ComplaintOrder | null
  events: ComplaintEvent[]
  answer: Answer | null
}

export interface Desk {
  mchid: string
  told: boolean
  error: string | null
  swept_at: string | null
}

export interface Counts {
  by_state: Partial<Record<ComplaintState, number>>
  waiting: number
  overdue: number
  desks: Desk[]
}

const ROOT = '/api/merchant/complaints'

export const list = (query: Query): Promise<Page<Complaint>> => get(ROOT, query)
export const counts = (): Promise<Counts> => get(`${ROOT}/counts`)
export const find = (id: string): Promise<ComplaintDetail> => get(`${ROOT}/${id}`)
export const reply = (id: string, content: string, pictures: string[], key: string): Promise<ComplaintDetail> =>
  post(`${ROOT}/${id}/reply`, { content, pictures }, key)
export const complete = (id: string, key: string): Promise<ComplaintDetail> => post(`${ROOT}/${id}/complete`, {}, key)
