/** Wire types of the shopper API. Amounts are fen (integers), times RFC 3339 in UTC, ids uuid strings. */

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export interface Merchant {
  code: string
  name: string
  intro: string
  logo_url: string | null
  theme_color: string
}

export interface Category {
  category_id: string
  parent_id?: string | null
  name: string
  icon_url: string | null
}

export interface ProductCard {
  product_id: string
  title: string
  subtitle: string
  cover_url: string
  price_fen: number
  market_price_fen: number | null
  sold_count: number
  sold_out: boolean
}

export interface StoreCard {
  store_id: string
  code: string
  name: string
  address: string
  phone: string
  hours: string
  pickup: boolean
}

export interface Home {
  merchant: Merchant
  categories: Category[]
  featured: ProductCard[]
  stores: StoreCard[]
}

export interface Sku {
  sku_id: string
  code: string
  option_values: string[]
  price_fen: number
  market_price_fen: number | null
  image_url: string | null
  available: number
}

export interface Product {
  product_id: string
  title: string
  subtitle: string
  description: string
  cover_url: string
  media: { kind: 'image'; url: string }[]
  category_ids: string[]
  price_fen: number
  market_price_fen: number | null
  sold_count: number
  options: { name: string; values: string[] }[]
  /** What all variants have in common: brand, material. */
  attributes?: { name: string; value: string }[]
  skus: Sku[]
}

export type ProductSort = 'default' | 'newest' | 'price_asc' | 'price_desc' | 'sold'

export interface Shopper {
  shopper_id: string
  nickname: string | null
  avatar_url: string | null
}

export type CartState = 'ok' | 'insufficient' | 'sold_out' | 'unpublished'

export interface CartItem {
  sku_id: string
  /** Null when the product is gone for good. */
  product_id: string | null
  title: string
  option_values: string[]
  image_url: string | null
  price_fen: number
  added_price_fen: number
  quantity: number
  available: number
  state: CartState
}

export interface Cart {
  items: CartItem[]
  total_fen: number
}

export interface Adjustment {
  kind: 'freight' | 'promotion' | 'coupon' | 'points' | 'manual'
  source: string
  label: string
  amount_fen: number
}

export interface QuoteLine {
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
}

export interface Quote {
  lines: QuoteLine[]
  goods_fen: number
  freight_fen: number
  discount_fen: number
  adjustments: Adjustment[]
  total_fen: number
  /** What the shopper's points do and could do; null where they do not pay. */
  points?: PointsQuote | null
}

export interface PointsQuote {
  available: number
  /** The most that may be used for this order, and what that is worth. */
  most: number
  most_fen: number
  used: number
  used_fen: number
  left: number
  step: number
  points_per_yuan: number
  most_percent: number
}

export interface LineRequest {
  sku_id: string
  quantity: number
}

export interface DeliveryRequest {
  method: 'ship' | 'pickup'
  address_id?: string
  store_id?: string
}

export interface PlaceRequest {
  lines: (LineRequest & { price_fen: number })[]
  delivery: DeliveryRequest
  total_fen: number
  remark?: string
  from_cart?: boolean
  use_points?: number
}

export type OrderState = 'unpaid' | 'paid' | 'partially_delivered' | 'delivered' | 'completed' | 'cancelled'

export interface OrderLine extends QuoteLine {
  line_id: string
  delivered_quantity: number
  cancelled_quantity: number
  held_back_quantity: number
  refunded_quantity: number
}

export interface Shipment {
  company: string
  tracking_no: string
  shipped_at: string
}

export interface OrderDelivery {
  method: 'ship' | 'pickup'
  address: { name: string; phone: string; province: string; city: string; district: string; street: string } | null
  store: { store_id: string; name: string; address: string } | null
  pickup_code: string | null
  shipments: Shipment[]
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
  delivery: OrderDelivery
  remark: string | null
}

export type PayMethod = 'wechat_jsapi' | 'wechat_mini' | 'wechat_native' | 'wechat_h5' | 'alipay_page' | 'alipay_wap'

/** Whose money it is to come from. */
export type PayBy = 'wechat' | 'alipay'

/** What WeChat's payment call takes, passed on untouched. */
export interface PayParams {
  appId: string
  timeStamp: string
  nonceStr: string
  package: string
  signType: 'RSA'
  paySign: string
}

export interface Payment {
  payment_id: string
  method: PayMethod | 'wallet'
  pay_params: PayParams | null
  code_url: string | null
  h5_url: string | null
  expires_at: string
  /** What of it is set aside in the wallet; `paid`: that was all. */
  wallet_fen: number
  paid: boolean
}

export interface GiftRule {
  paid_fen: number
  gift_fen: number
}

/** The shopper's stored value here; `enabled` says whether more can be put in. */
export interface Wallet {
  enabled: boolean
  principal_fen: number
  gift_fen: number
  held_fen: number
  available_fen: number
  frozen: boolean
  frozen_reason: string | null
  spend_order: 'principal_first' | 'gift_first' | 'proportional'
  least_fen: number
  most_fen: number
  gift_rules: GiftRule[]
}

export interface WalletEntry {
  entry_id: string
  principal_fen: number
  gift_fen: number
  balance_fen: number
  source: string
  description: string
  occurred_at: string
}

export interface TopUp {
  topup_id: string
  amount_fen: number
  gift_fen: number
  state: 'unpaid' | 'paid' | 'refunded'
}

export interface AddressInput {
  name: string
  phone: string
  province: string
  city: string
  district: string
  street: string
  is_default: boolean
}

export interface Address extends AddressInput {
  address_id: string
}

export interface Member {
  number: string
  /** `benefits`: what the level brings, in the merchant's words. */
  level: { code: string; name: string; benefits?: string }
  points: number
  growth: number
  next_level: { name: string; growth: number } | null
  joined_at: string
  card_code: string
}

export interface PointsTerms {
  life_months: number | null
  redeem: boolean
  points_per_yuan: number
  step: number
  most_percent: number
  earn_per_yuan: number
}

export interface PointsSummary {
  available: number
  held: number
  earned: number
  redeemed: number
  returned: number
  expired: number
  revoked: number
  next_to_expire: { points: number; expires_at: string } | null
  worth_fen: number | null
  settings: PointsTerms
}

export interface PointsEntry {
  points: number
  source: string
  source_id: string
  occurred_at: string
  /** Of those that the shop gave or took by hand. */
  reason: string | null
}

export interface JssdkConfig {
  app_id: string
  timestamp: number | string
  nonce_str: string
  signature: string
  script_url: string
}

export interface Login {
  token: string
  expires_at: string
  shopper: Shopper
}

/** A code to be shown until `expires_at`, for WeChat to scan. */
export interface DesktopCode {
  sign_in_id: string
  qr_content: string
  expires_at: string
}

/** `digits` are to be shown once the code is scanned: the phone is asked for them. */
export interface DesktopStatus {
  state: 'waiting' | 'scanned' | 'confirmed' | 'used' | 'refused'
  digits: string | null
  expires_at: string
}
