import { get, post, put, type Page } from './http'

const ROOT = '/api/merchant/till'

export interface Shift {
  shift_id: string
  store_id: string
  store_name: string
  counter_name: string | null
  till: string
  staff_name: string
  state: 'open' | 'closed'
  own: boolean
  float_fen: number
  expected_fen: number | null
  counted_fen: number | null
  difference_fen: number | null
  carried_fen: number
  banked_fen: number
  left_fen: number
  report_no: number | null
  note: string | null
  opened_at: string
  closed_at: string | null
}

export interface Report {
  shift: Shift
  totals: {
    sales: number
    sales_fen: number
    discounts: number
    discount_fen: number
    voids: number
    cash_fen: number | null
    card_fen: number
    code_fen: number
    /** Of `code_fen`: the rest is WeChat's. */
    alipay_fen: number
    wallet_fen: number
    elsewhere_fen: number
    refunds: number
    refunded_cash_fen: number
    refunded_card_fen: number
    refunded_other_fen: number
    first_no: string | null
    last_no: string | null
  }
  /** What points did for the shift's sales and refunds. */
  points: { redeemed: number; redeemed_fen: number; earned: number; returned: number }
  movements: { kind: string; amount_fen: number; reason: string; staff_name: string; occurred_at: string }[]
}

export interface Goods {
  sku_id: string
  code: string
  title: string
  option_values: string[]
  image_url: string
  price_fen: number
  available: number
  exact: boolean
}

export interface Taking {
  state: 'pending' | 'taken' | 'refused'
  cash_fen: number
  tendered_fen: number
  change_fen: number
  card_fen: number
  card_slip: string
  code_fen: number
  /** Whose payment code it was. */
  code_tender: 'wechat' | 'alipay' | null
  wallet_fen: number
  reason: string | null
}

export interface SaleItem {
  sale_id: string
  order_no: string
  state: 'open' | 'paid' | 'void'
  total_fen: number
  discount_fen: number
  member_no: string | null
  created_at: string
}

export interface Sale {
  sale_id: string
  order_id: string
  order_no: string
  state: 'open' | 'paid' | 'void'
  goods_fen: number
  discount_fen: number
  discount_reason: string | null
  discount_by: string | null
  points_fen: number
  total_fen: number
  refunded_fen: number
  member_no: string | null
  store_name: string
  till: string
  staff_name: string
  created_at: string
  ended_at: string | null
  paying: Taking | null
  lines: { line_id: string; title: string; option_values: string[]; quantity: number; unit_price_fen: number; total_fen: number; refunded_quantity: number }[]
}

export interface Pay {
  cash?: { amount_fen: number; tendered_fen: number }
  card?: { amount_fen: number; slip_no: string }
  code?: { amount_fen: number; auth_code: string }
  wallet?: { amount_fen: number; code: string }
}

export interface Member {
  number: string
  nickname: string | null
  points: number
  /** What she can spend of stored value: only when she showed her wallet's code. */
  wallet_fen: number | null
}

export interface Approval {
  login: string
  password: string
}

export interface Parked {
  parked_id: string
  label: string
  member_no: string | null
  total_fen: number
  pieces: number
  staff_name: string
  parked_at: string
}

export interface Resumed {
  label: string
  member: Member | null
  lines: { goods: Goods; quantity: number }[]
  gone: number
}

export interface HandRefund {
  refund_id: string
  order_no: string
  store_name: string
  tender: 'cash' | 'card'
  amount_fen: number
  reason: string
  slip_no: string
  created_at: string
}

export interface Refunded {
  order_no: string
  amount_fen: number
  cash_fen: number
  card_fen: number
  other_fen: number
  points: number
}

export interface Opening {
  store_id: string
  counter_id: string | null
  till: string
  float_fen: number
  carried: boolean
}

export const current = (): Promise<Report | null> => get(`${ROOT}/shifts/current`)
export const shifts = (cursor: string | null): Promise<Page<Shift>> => get(`${ROOT}/shifts`, { limit: 20, cursor })
export const report = (id: string): Promise<Report> => get(`${ROOT}/shifts/${id}`)
export const open = (wish: Opening, key: string): Promise<Report> => post(`${ROOT}/shifts`, wish, key)
export const move = (id: string, movement: { kind: string; amount_fen: number; reason: string }, key: string): Promise<Report> =>
  post(`${ROOT}/shifts/${id}/movements`, movement, key)
export const close = (id: string, count: { counted_fen: number; note: string }, key: string): Promise<Report> =>
  post(`${ROOT}/shifts/${id}/close`, count, key)
export const bank = (id: string, amount_fen: number, key: string): Promise<Report> => post(`${ROOT}/shifts/${id}/banking`, { amount_fen }, key)
export const goods = (store_id: string, q: string): Promise<Page<Goods>> => get(`${ROOT}/goods`, { store_id, q, limit: 12 })
export const learn = (store_id: string, barcode: string, sku_id: string): Promise<Goods> => put(`${ROOT}/stores/${store_id}/barcodes`, { barcode, sku_id })
export const members = (words: string): Promise<Page<Member>> => post(`${ROOT}/members`, { words })
export const offerPoints = (member_no: string, goods_fen: number): Promise<{ available: number; points: number; worth_fen: number }> =>
  post(`${ROOT}/points`, { member_no, goods_fen })
export const park = (
  shift: string,
  basket: { lines: { sku_id: string; quantity: number }[]; label: string; member_no: string | null; total_fen: number },
  key: string,
): Promise<Page<Parked>> => post(`${ROOT}/shifts/${shift}/parked`, basket, key)
export const parked = (shift: string): Promise<Page<Parked>> => get(`${ROOT}/shifts/${shift}/parked`)
export const resume = (shift: string, id: string, key: string): Promise<Resumed> => post(`${ROOT}/shifts/${shift}/parked/${id}/resume`, {}, key)
export const start = (
  shift: string,
  sale: { lines: { sku_id: string; quantity: number; price_fen: number }[]; total_fen: number; member_no: string | null; use_points: number },
  key: string,
): Promise<Sale> => post(`${ROOT}/shifts/${shift}/sales`, sale, key)
export const discount = (sale: string, wish: { amount_fen: number; reason: string; approval: Approval | null }): Promise<Sale> =>
  put(`${ROOT}/sales/${sale}/discount`, wish)
export const pay = (sale: string, parts: Pay, key: string): Promise<Sale> => post(`${ROOT}/sales/${sale}/pay`, parts, key)
export const decide = (sale: string, giveUp: boolean): Promise<Sale> => post(`${ROOT}/sales/${sale}/decide${giveUp ? '?give_up=true' : ''}`, {})
export const dropSale = (sale: string): Promise<Sale> => post(`${ROOT}/sales/${sale}/void`, {})
export const sale = (id: string): Promise<Sale> => get(`${ROOT}/sales/${id}`)
export const sales = (shift: string, cursor: string | null): Promise<Page<SaleItem>> => get(`${ROOT}/shifts/${shift}/sales`, { limit: 20, cursor })
export const openSales = (shift: string): Promise<Page<SaleItem>> => get(`${ROOT}/shifts/${shift}/sales`, { open: true })
export const byNumber = (order_no: string): Promise<Page<{ sale_id: string }>> => get(`${ROOT}/sales`, { order_no })
export const refund = (
  shift: string,
  sale: string,
  wish: { lines: { line_id: string; quantity: number }[]; reason: string; restock: boolean; card_slip: string | null; approval: Approval | null },
  key: string,
): Promise<Refunded> => post(`${ROOT}/shifts/${shift}/sales/${sale}/refunds`, wish, key)
export const handRefunds = (order_no: string): Promise<Page<HandRefund>> => get(`${ROOT}/hand-refunds`, { order_no: order_no || null, limit: 50 })
export const giveOut = (shift: string, id: string, wish: { card_slip: string | null; approval: Approval | null }, key: string): Promise<Refunded> =>
  post(`${ROOT}/shifts/${shift}/hand-refunds/${id}`, wish, key)
