import { get, post, put, upload as send, type Page, type Query } from './http'

export type CaseKind = 'refund' | 'return' | 'exchange'
export type CaseState = 'applied' | 'agreed' | 'returning' | 'received' | 'refunding' | 'completed' | 'rejected' | 'withdrawn'

export interface Address {
  name: string
  phone: string
  address: string
}

export interface CaseLine {
  line_id: string
  title: string
  option_values: string[]
  image_url: string | null
  quantity: number
  most_fen: number
  received_quantity: number | null
  sellable_quantity: number | null
  exchange_title: string | null
}

export interface Case {
  case_id: string
  case_no: string
  order_id: string
  order_no: string
  kind: CaseKind
  state: CaseState
  waiting_for: string | null
  reason_label: string
  explanation: string
  pictures: string[]
  received_goods: boolean
  most_fen: number
  asked_fen: number
  proposed_fen: number | null
  agreed_fen: number | null
  points_fen: number
  refuse_reason: string | null
  return_address: Address | null
  return_company: string | null
  return_no: string | null
  exchange_company: string | null
  exchange_no: string | null
  dispute: string | null
  due_at: string | null
  created_at: string
  lines: CaseLine[]
  actions: string[]
  shopper_name: string | null
  /** Of a dispute only. */
  merchant_id?: string
  merchant_name?: string
  dispute_at?: string
}

export interface CaseEvent {
  at: string
  actor: string
  actor_name: string | null
  step: string
  note: string
  pictures: string[]
  amount_fen: number | null
}

export interface CaseRefund {
  refund_id: string
  tender: string
  state: string
  amount_fen: number
  error: string | null
  created_at: string
  succeeded_at: string | null
}

export interface CaseDetail extends Case {
  events: CaseEvent[]
  refunds: CaseRefund[]
}

export interface Terms {
  apply_days: number
  agree_hours: number
  answer_hours: number
  send_hours: number
  receive_hours: number
  return_address: Address | null
  service_phone: string | null
  service_hours: string | null
}

export interface Counts {
  by_state: Record<string, number>
  waiting_for_merchant: number
  disputes: number
}

export interface ApplicableLine {
  line_id: string
  title: string
  option_values: string[]
  quantity: number
  unsent_left: number
  sent_left: number
}

export interface Applicable {
  kinds_unsent: CaseKind[]
  kinds_sent: CaseKind[]
  lines: ApplicableLine[]
  cases: Case[]
}

/** A refund of the merchant's own accord; without an amount, the most. */
export interface Gift {
  received_goods: boolean
  lines: { line_id: string; quantity: number }[]
  reason: string
  note: string
  amount_fen?: number
}

const ROOT = '/api/merchant/aftersale'
const ofOrder = (orderId: string): string => `/api/merchant/orders/${orderId}/aftersale`
const DISPUTES = '/api/platform/disputes'

export const list = (query: Query): Promise<Page<Case>> => get(ROOT, query)
export const counts = (): Promise<Counts> => get(`${ROOT}/counts`)
export const find = (caseId: string): Promise<CaseDetail> => get(`${ROOT}/${caseId}`)
/** agree, reject, propose, inspect, ship-exchange, evidence. */
export const step = (caseId: string, name: string, body: unknown, key: string): Promise<CaseDetail> =>
  post(`${ROOT}/${caseId}/${name}`, body, key)
export const applicable = (orderId: string): Promise<Applicable> => get(ofOrder(orderId))
export const giftWorth = (orderId: string, gift: Gift): Promise<{ most_fen: number }> => post(`${ofOrder(orderId)}/quote`, gift)
export const give = (orderId: string, gift: Gift, key: string): Promise<CaseDetail> => post(ofOrder(orderId), gift, key)
export const uploadPicture = (file: File): Promise<{ url: string }> => send(`${ROOT}/pictures`, file)
export const terms = (): Promise<Terms> => get('/api/merchant/aftersale-settings')
export const saveTerms = (value: Terms): Promise<Terms> => put('/api/merchant/aftersale-settings', value)
export const sendElsewhere = (refundId: string, body: unknown, key: string): Promise<{ state: string }> =>
  post(`/api/merchant/payments/refunds/${refundId}/apply-abnormal`, body, key)

/** Looks at something parked again, after its cause was mended. */
export const replayParked = (kind: string, id: string): Promise<{ outcome: string; reason: string | null }> =>
  post(`/api/merchant/payments/parked/${kind}/${encodeURIComponent(id)}/replay`, {})

/** Notes what was done by hand about a parked payment or notification. */
export const resolveParked = async (kind: string, id: string, note: string, key: string): Promise<boolean> => {
  await post(`/api/merchant/payments/parked/${kind}/${encodeURIComponent(id)}/resolve`, { note }, key)
  return true
}

export const disputes = (query: Query): Promise<Page<Case>> => get(DISPUTES, query)
export const dispute = (merchantId: string, caseId: string): Promise<CaseDetail> => get(`${DISPUTES}/${merchantId}/${caseId}`)
export const rule = (merchantId: string, caseId: string, body: unknown, key: string): Promise<CaseDetail> =>
  post(`${DISPUTES}/${merchantId}/${caseId}/ruling`, body, key)
