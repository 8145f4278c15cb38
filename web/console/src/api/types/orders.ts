export interface Adjustment {
  kind: string
  source: string
  label: string
  amount_fen: number
}

export interface OrderLine {
  line_id: string
  sku_id: string
  product_id: string
  title: string
  option_values: string[]
  image_url: string | null
  quantity: number
  unit_price_fen: number
  subtotal_fen: number
  adjustments: Adjustment[]
  total_fen: number
  delivered_quantity: number
  cancelled_quantity?: number
  held_back_quantity?: number
  refunded_quantity?: number
}

export type OrderState = 'unpaid' | 'paid' | 'partially_delivered' | 'delivered' | 'completed' | 'cancelled'

export interface Delivery {
  method: 'ship' | 'pickup'
  address: { name: string; phone: string; province: string; city: string; district: string; street: string } | null
  store: { store_id: string; name: string; address: string } | null
  pickup_code: string | null
  shipments: { company: string; tracking_no: string; shipped_at: string }[]
}

export interface Attribution {
  store_id: string | null
  store_name: string | null
  counter_id: string | null
  counter_name: string | null
  staff_id: string | null
  staff_name: string | null
  sharer_id: string | null
  sharer_name: string | null
  rule: string
  touchpoints: Touchpoint[]
}

/** A contact between shopper and merchant, in names. `decisive`: the order is owed to it. */
export interface Touchpoint {
  touchpoint_id: string
  kind: string
  label_code: string | null
  label_name: string | null
  store_name: string | null
  counter_name: string | null
  staff_name: string | null
  sharer_name: string | null
  decisive: boolean
  occurred_at: string
}

export interface Order {
  order_id: string
  order_no: string
  state: OrderState
  payment_status: string
  fulfilment_status: string
  refund_status: string
  terminal: boolean
  created_at: string
  expires_at: string | null
  paid_at: string | null
  cancelled_at: string | null
  cancel_reason: string | null
  lines: OrderLine[]
  adjustments: Adjustment[]
  goods_fen: number
  freight_fen: number
  discount_fen: number
  total_fen: number
  paid_fen: number
  refunded_fen: number
  delivery: Delivery
  remark: string | null
  shopper?: { shopper_id: string; nickname: string | null } | null
  attribution?: Attribution | null
}

export interface Refund {
  refund_id: string
  out_refund_no?: string
  state: string
  amount_fen: number
  reason?: string | null
  error?: string | null
  parked?: boolean
  created_at?: string | null
  succeeded_at?: string | null
}

export interface Payment {
  payment_id: string
  /** One payment may take several attempts at WeChat. */
  attempt_id?: string
  /** What was decided about money that came: kept, or refused and sent back; and why. */
  verdict?: string | null
  reason?: string | null
  error?: string | null
  out_trade_no: string
  method: string
  state: string
  amount_fen: number
  transaction_id: string | null
  paid_at: string | null
  refunds: Refund[]
}

export interface OrderDetail extends Order {
  payments: Payment[]
  events: { at: string; kind: string; detail: unknown }[]
  journey: Touchpoint[]
}
