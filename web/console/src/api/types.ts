/** Wire types of the merchant API: ids are strings, money is fen, times are RFC 3339 in UTC. */

export interface Session {
  staff: { staff_id: string; name: string; role: string }
  merchant: { merchant_id: string; code: string; name: string; is_platform: boolean }
  permissions: string[]
}

export interface LoopNumbers {
  scans: number
  follows: number
  orders: number
  paid_orders: number
  paid_fen: number
  members: number
}

export interface Dashboard {
  totals: LoopNumbers
  by_store: (LoopNumbers & { store_id: string | null; store_name: string | null })[]
  trend: (LoopNumbers & { date: string })[]
}

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
  rule: string
  touchpoints: { touchpoint_id: string; kind: string; label_code: string | null; occurred_at: string }[]
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
  created_at?: string | null
  succeeded_at?: string | null
}

export interface Payment {
  payment_id: string
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
}

export type ProductState = 'draft' | 'published' | 'unpublished'

export interface ProductItem {
  product_id: string
  title: string
  cover_url: string | null
  state: ProductState
  price_fen: number
  available: number
  sold_count: number
  updated_at: string
}

export interface Media {
  kind: string
  url: string
}

export interface ProductOption {
  name: string
  values: string[]
}

export interface SkuStock {
  location_id: string
  location_name: string
  available: number
  held: number
  sold: number
}

export interface Sku {
  sku_id: string
  code: string
  option_values: string[]
  price_fen: number
  market_price_fen: number | null
  image_url: string | null
  stock?: SkuStock[]
}

export interface Product {
  product_id: string
  title: string
  subtitle: string | null
  description: string | null
  category_ids: string[]
  media: Media[]
  options: ProductOption[]
  skus: Sku[]
  state: ProductState
}

export interface ProductWrite {
  title: string
  subtitle: string
  description: string
  category_ids: string[]
  media: Media[]
  options: ProductOption[]
  skus: {
    sku_id?: string
    code: string
    option_values: string[]
    price_fen: number
    market_price_fen: number | null
    image_url: string | null
  }[]
}

export interface Category {
  category_id: string
  parent_id: string | null
  name: string
  icon_url: string | null
}

export interface StockRow extends SkuStock {
  sku_id: string
  code: string
  product_id: string
  title: string
  option_values: string[]
}

export interface Store {
  store_id: string
  code: string
  name: string
  address: string
  phone: string
  hours: string
  pickup: boolean
}

export interface Counter {
  counter_id: string
  store_id: string
  code: string
  name: string
}

export interface StaffMember {
  staff_id: string
  login: string
  name: string
  role: string
  store_id: string | null
  counter_id?: string | null
  active: boolean
}

export type LabelKind = 'store' | 'counter' | 'staff' | 'campaign'

export interface Label {
  label_id: string
  code: string
  kind: LabelKind
  name: string
  store_id: string | null
  counter_id?: string | null
  staff_id?: string | null
  qr_content: string | null
  scans: number
  created_at: string
}

export interface Member {
  member_id: string
  number: string
  shopper: { shopper_id: string; nickname: string | null }
  level: { code: string; name: string }
  points: number
  growth: number
  joined_at: string
}

export interface Follower {
  openid: string
  nickname: string | null
  following: boolean
  store_name: string | null
  label_name?: string | null
  followed_at: string
}

export interface OfficialAccount {
  app_id: string
  name: string
  original_id: string
  token: string
  mode: 'plain' | 'compatible' | 'safe'
  callback_url: string
  secret_fingerprint: string | null
  encoding_aes_key_fingerprint: string | null
}

export interface Replies {
  welcome: string
  keywords: { keyword: string; match: 'exact' | 'contains'; reply: string }[]
}

export interface MenuButton {
  name: string
  type?: 'click' | 'view' | 'miniprogram'
  key?: string
  url?: string
  appid?: string
  pagepath?: string
  sub_button?: MenuButton[]
}

export interface Menu {
  buttons: MenuButton[]
  published_at: string | null
}

export interface PaymentAccount {
  mchid: string
  app_id: string
  serial_no: string
  public_key_id: string | null
  notify_url: string | null
  private_key_fingerprint: string | null
  apiv3_key_fingerprint: string | null
  public_key_fingerprint: string | null
}

export interface LedgerAccount {
  account: string
  name: string
  kind: string
  balance_fen: number
}

export interface LedgerEntry {
  account: string
  name?: string
  amount_fen: number
}

export interface LedgerTransaction {
  transaction_id: string
  source: string
  source_id: string
  memo: string | null
  posted_at: string
  entries: LedgerEntry[]
}

export interface ParkedDelivery {
  fact_id: string
  handler: string
  fact_type: string
  attempts: number
  error: string
  parked_at: string
  payload?: unknown
}

export interface Merchant {
  merchant_id: string
  code: string
  name: string
  intro: string
  is_platform?: boolean
  state?: string
  created_at: string
}

export interface PlatformOverview {
  merchants: number
  shoppers: number
  orders: number
  paid_orders: number
  paid_fen: number
  members: number
  parked_deliveries: number
}
