import { apiBase, merchantCode } from '@/composables/merchant'
import { t } from '@/i18n'

import { asApiError, ApiError } from './errors'
import { authorization, newKey, request } from './http'
import type { Page } from './types'

export type CaseKind = 'refund' | 'return' | 'exchange'
export type CaseState = 'applied' | 'agreed' | 'returning' | 'received' | 'refunding' | 'completed' | 'rejected' | 'withdrawn'

export interface CaseLine {
  line_id: string
  sku_id: string
  title: string
  option_values: string[]
  image_url: string | null
  quantity: number
  most_fen: number
  received_quantity: number | null
  exchange_sku_id: string | null
  exchange_title: string | null
}

export interface Case {
  case_id: string
  case_no: string
  order_id: string
  order_no: string
  kind: CaseKind
  state: CaseState
  waiting_for: 'merchant' | 'shopper' | 'platform' | 'payment' | null
  reason_label: string
  explanation: string
  pictures: string[]
  most_fen: number
  asked_fen: number
  proposed_fen: number | null
  agreed_fen: number | null
  points_fen: number
  refuse_reason: string | null
  return_address: { name: string; phone: string; address: string } | null
  return_company: string | null
  return_no: string | null
  exchange_company: string | null
  exchange_no: string | null
  received_goods: boolean
  dispute: 'open' | 'for_shopper' | 'for_merchant' | null
  due_at: string | null
  dispute_until: string | null
  created_at: string
  lines: CaseLine[]
  actions: string[]
}

export interface CaseEvent {
  at: string
  actor: 'shopper' | 'merchant' | 'platform' | 'system'
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
  created_at: string
  succeeded_at: string | null
}

export interface CaseDetail extends Case {
  contact: { name: string; phone: string; hours: string | null } | null
  events: CaseEvent[]
  refunds: CaseRefund[]
}

/** A variant that a line can be exchanged for. */
export interface Variant {
  sku_id: string
  option_values: string[]
  image_url: string | null
  available: number
}

export interface ApplicableLine {
  line_id: string
  sku_id: string
  product_id: string
  title: string
  option_values: string[]
  image_url: string | null
  quantity: number
  unsent_left: number
  sent_left: number
  exchanges: Variant[]
}

export interface Applicable {
  kinds_unsent: CaseKind[]
  kinds_sent: CaseKind[]
  lines: ApplicableLine[]
  cases: Case[]
}

export interface Reason {
  code: string
  kinds: CaseKind[]
  label: string
}

export interface Wish {
  order_id: string
  kind: CaseKind
  reason: string
  received_goods: boolean
  lines: { line_id: string; quantity: number; exchange_sku_id?: string | null }[]
}

export interface Worth {
  most_fen: number
  goods_fen: number
  freight_fen: number
  freight_returns: boolean
  points_fen: number
}

const root = (): string => `/api/shop/${merchantCode.value}/aftersale`

export const reasons = (): Promise<Page<Reason>> => request('GET', `${root()}/reasons`)

export const applicable = (orderId: string): Promise<Applicable> =>
  request('GET', `/api/shop/${merchantCode.value}/orders/${orderId}/aftersale`)

export const worth = (wish: Wish): Promise<Worth> => request('POST', `${root()}/quote`, { body: wish })

export const apply = (wish: Wish & { explanation: string; pictures: string[]; asked_fen?: number }, key: string): Promise<CaseDetail> =>
  request('POST', root(), { body: wish, idempotencyKey: key })

export const listCases = (cursor: string | null): Promise<Page<Case>> => request('GET', root(), { query: { cursor, limit: 10 } })

export const getCase = (caseId: string): Promise<CaseDetail> => request('GET', `${root()}/${caseId}`)

/** A step of the shopper's: withdraw, accept-proposal, insist, parcel, dispute, evidence. */
export const step = (caseId: string, name: string, body: object = {}): Promise<CaseDetail> =>
  request('POST', `${root()}/${caseId}/${name}`, { body, idempotencyKey: newKey() })

/** Uploads a picture that was chosen on the phone; answers its address. */
export function upload(filePath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    uni.uploadFile({
      url: `${apiBase}${root()}/pictures`,
      filePath,
      name: 'file',
      header: authorization(),
      success: (answer) => {
        try {
          const said = JSON.parse(answer.data) as { url?: string; detail?: string; code?: string }
          if (answer.statusCode < 300 && said.url) resolve(said.url)
          else reject(new ApiError(said.code ?? 'upload_failed', answer.statusCode, said.detail ?? t('error.unknown')))
        } catch (thrown) {
          reject(asApiError(thrown))
        }
      },
      fail: () => reject(new ApiError('network', 0, t('error.network'))),
    })
  })
}
