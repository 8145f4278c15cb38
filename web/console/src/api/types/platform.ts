import type { LoopNumbers } from './session'

export interface Merchant {
  merchant_id: string
  code: string
  name: string
  intro: string
  is_platform: boolean
  state: 'active' | 'suspended'
  created_at: string
}

export interface PlatformOverview extends LoopNumbers {
  merchants: number
  shoppers: number
  parked_deliveries: number
  by_merchant: (LoopNumbers & { merchant_id: string; code: string; name: string; state: string; shoppers: number })[]
}
