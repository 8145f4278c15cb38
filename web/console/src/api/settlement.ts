/** Settlement: statements, the commission of an order, sharing, plans; the operators' rules and payouts. */
import { get, post, put, type Page, type Query } from './http'

export interface Statement {
  statement_id: string
  statement_no: string
  period_from: string
  period_to: string
  state: 'open' | 'closed' | 'paid'
  opening_fen: number
  sales_fen: number
  topups_fen: number
  refunds_fen: number
  commissions_fen: number
  fees_fen: number
  adjustments_fen: number
  payouts_fen: number
  closing_fen: number
  line_count: number
  due_fen: number
  paid_fen: number
  closes_at: string
  closed_at: string | null
}

export interface Terms {
  share_at: 'paid' | 'completed'
  cycle: 'day' | 'week' | 'month'
  delay_days: number
}

export interface Unpaid {
  statements: number
  left_fen: number
}

export interface Subscription {
  plan_code: string
  plan_name: string
  price_fen: number
  includes: string[]
  started_on: string
}

export interface Account {
  merchant_id: string
  code: string
  merchant_name: string
  suspended: boolean
  terms: Terms
  plan_name: string | null
  unpaid: Unpaid
}

export interface AccountDetail extends Omit<Account, 'plan_name'> {
  subscription: Subscription | null
  rules: Rule[]
}

export interface Adjustment {
  adjustment_id: string
  amount_fen: number
  reason: string
  by: string
  created_at: string
}

export interface PaidOut {
  merchant_id: string
  payout_id: string
  statement_id: string
  statement_no: string
  amount_fen: number
  reference: string
  paid_on: string
  note: string
}

export interface Payout {
  payout_id: string
  amount_fen: number
  reference: string
  paid_on: string
  note: string
}

export interface StatementLine {
  transaction_id: string
  kind: string
  amount_fen: number
  order_id: string | null
  order_no: string | null
  description: string
  occurred_at: string
}

export interface Sharing {
  merchant_id: string
  order_id: string
  order_no: string
  state: string
  shared_fen: number
  returned_fen: number
  paid_fen: number
  ends_at: string
  error: string | null
}

export interface OrderSettlement {
  commission: { base_fen: number; amount_fen: number; returned_fen: number } | null
  lines: { line_id: string; title: string; rule_name: string; percent_bp: number; fixed_fen: number; base_fen: number; amount_fen: number }[]
  sharing: Sharing | null
  returns: { return_id: string; amount_fen: number; state: string; error: string | null }[]
}

export interface Plan {
  plan_code: string
  name: string
  price_fen: number
  includes: string[]
  state: 'offered' | 'retired'
}

export interface Invoice {
  invoice_id: string
  month: string
  amount_fen: number
  rows: { plan_name: string; price_fen: number; from: string; to: string; days: number; amount_fen: number }[]
}

export interface MyPlan {
  current: Subscription | null
  offered: Plan[]
  invoices: Invoice[]
}

export interface Rule {
  rule_id: string
  name: string
  for_merchant_id: string | null
  category: string | null
  plan_code: string | null
  percent_bp: number
  per_line_fen: number
  per_order_fen: number
  tiers: { from_fen: number; percent_bp: number }[]
  priority: number
  valid_from: string
  valid_until: string | null
}

export interface RuleWrite {
  name: string
  for_merchant_id: string | null
  category: string | null
  plan_code: string | null
  percent_bp: number
  per_line_fen: number
  per_order_fen: number
  tiers: { from_fen: number; percent_bp: number }[]
  priority: number
}

export interface MerchantStatement {
  merchant_id: string
  merchant_name: string
  statement: Statement
}

export interface Trouble {
  sharings: { merchant_id: string; merchant_name: string; sharing: Sharing }[]
  returns: { merchant_id: string; merchant_name: string; order_id: string; back: { return_id: string; amount_fen: number; error: string | null } }[]
}

const MINE = '/api/merchant/settlement'
const ALL = '/api/platform/settlement'

/** Where a statement is read: the merchant's own, or a merchant's by an operator. */
export const place = (merchantId: string | null): string => (merchantId ? `${ALL}/merchants/${merchantId}` : MINE)

export const running = (at: string): Promise<{ statement: Statement }> => get(`${at}/running`)
export const statements = (at: string, query: Query): Promise<Page<Statement>> => get(`${at}/statements`, query)
export const statement = (at: string, id: string): Promise<{ statement: Statement; payouts: Payout[] }> => get(`${at}/statements/${id}`)
export const lines = (at: string, id: string, query: Query): Promise<Page<StatementLine>> => get(`${at}/statements/${id}/lines`, query)
export const file = (at: string, id: string, kind: 'xlsx' | 'pdf'): string => `${at}/statements/${id}/statement.${kind}`
export const order = (at: string, id: string): Promise<OrderSettlement> => get(`${at}/orders/${id}`)
export const terms = (): Promise<{ terms: Terms; rules: Rule[] }> => get(`${MINE}/terms`)
export const adjustments = (at: string, query: Query): Promise<Page<Adjustment>> => get(`${at}/adjustments`, query)
export const payouts = (at: string, query: Query): Promise<Page<PaidOut>> => get(`${at}/payouts`, query)
export const sharings = (query: Query): Promise<Page<Sharing>> => get(`${MINE}/sharings`, query)
export const retry = (orderId: string): Promise<unknown> => post(`${MINE}/sharings/${orderId}/retry`)
export const plan = (): Promise<MyPlan> => get(`${MINE}/plan`)

export const rules = (): Promise<Page<Rule>> => get(`${ALL}/rules`)
export const addRule = (rule: RuleWrite, key: string): Promise<Rule> => post(`${ALL}/rules`, rule, key)
export const endRule = (id: string): Promise<Rule> => post(`${ALL}/rules/${id}/end`)
export const preview = (query: Query): Promise<{ rule: Rule | null; percent_bp: number; amount_fen: number }> => get(`${ALL}/rules/preview`, query)
export const plans = (): Promise<Page<Plan>> => get(`${ALL}/plans`)
export const putPlan = (code: string, body: unknown): Promise<Plan> => put(`${ALL}/plans/${code}`, body)
export const accounts = (query: Query): Promise<Page<Account>> => get(`${ALL}/merchants`, query)
export const account = (merchantId: string): Promise<AccountDetail> => get(place(merchantId))
export const putTerms = (merchantId: string, terms: Terms): Promise<Terms> => put(`${place(merchantId)}/terms`, terms)
export const invoices = (merchantId: string): Promise<Page<Invoice>> => get(`${place(merchantId)}/invoices`)
export const adjust = (merchantId: string, body: { amount_fen: number; reason: string }, key: string): Promise<unknown> => post(`${place(merchantId)}/adjustments`, body, key)
export const subscriptions = (): Promise<Page<{ merchant_id: string; merchant_name: string; subscription: Subscription }>> => get(`${ALL}/subscriptions`)
export const allPayouts = (query: Query): Promise<Page<{ merchant_name: string; payout: PaidOut }>> => get(`${ALL}/payouts`, query)
export const cut = (at: string, id: string): Promise<Statement> => post(`${at}/statements/${id}/cut`)
export const subscribe = (merchantId: string, code: string | null): Promise<unknown> => put(`${ALL}/merchants/${merchantId}/plan`, { plan_code: code })
export const allStatements = (query: Query): Promise<Page<MerchantStatement>> => get(`${ALL}/statements`, query)
export const close = (at: string, id: string): Promise<Statement> => post(`${at}/statements/${id}/close`)
export const pay = (at: string, id: string, body: unknown, key: string): Promise<Statement> => post(`${at}/statements/${id}/payouts`, body, key)
export const trouble = (): Promise<Trouble> => get(`${ALL}/trouble`)
export const platformRetry = (merchantId: string, orderId: string): Promise<unknown> => post(`${place(merchantId)}/sharings/${orderId}/retry`)
export const giveUp = (merchantId: string, orderId: string): Promise<unknown> => post(`${place(merchantId)}/sharings/${orderId}/give-up`)
export const waive = (merchantId: string, returnId: string): Promise<unknown> => post(`${place(merchantId)}/returns/${returnId}/waive`)
export const receiver = (): Promise<{ mchid: string | null; receiver_name: string }> => get(`${ALL}/receiver`)
export const putReceiver = (name: string): Promise<unknown> => put(`${ALL}/receiver`, { receiver_name: name })
