export interface Merchant {
  merchant_id: string
  code: string
  name: string
  intro: string
  is_platform: boolean
  state: 'active' | 'suspended'
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
