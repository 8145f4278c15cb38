import { get, post, put, type Page, type Query } from './http'
import type { Merchant, PlatformOverview } from './types'

/** Of the last days, or of all time (0). */
export const overview = (days: number): Promise<PlatformOverview> =>
  get('/api/platform/overview', { days: days || undefined })
export const merchants = (query: Query): Promise<Page<Merchant>> => get('/api/platform/merchants', query)

export interface MerchantWrite {
  code: string
  name: string
  intro: string
  owner: { login: string; name: string; password: string }
}

export const createMerchant = (merchant: MerchantWrite, key: string): Promise<Merchant> =>
  post('/api/platform/merchants', merchant, key)

export const changeMerchant = (id: string, change: Partial<Pick<Merchant, 'name' | 'intro' | 'state'>>): Promise<Merchant> =>
  put(`/api/platform/merchants/${id}`, change)
