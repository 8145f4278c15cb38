/** The book of the merchant, and the deliveries of facts that were given up on. */
import { get, post, type Page, type Query } from './http'
import type { LedgerAccount, LedgerTransaction, ParkedDelivery } from './types'

export const accounts = (): Promise<Page<LedgerAccount>> => get('/api/merchant/ledger/accounts', { limit: 100 })
export const transactions = (query: Query): Promise<Page<LedgerTransaction>> =>
  get('/api/merchant/ledger/transactions', query)

/** Whose deliveries: the merchant's own, or all of them for an operator. */
export type Scope = 'merchant' | 'platform'

export const parked = (scope: Scope, query: Query): Promise<Page<ParkedDelivery>> =>
  get(`/api/${scope}/deliveries`, { state: 'parked', ...query })
export function replay(scope: Scope, d: ParkedDelivery): Promise<unknown> {
  const which = `${d.fact_id}/${encodeURIComponent(d.handler)}/replay`
  return post(scope === 'platform' ? `/api/platform/deliveries/${d.merchant_id}/${which}` : `/api/merchant/deliveries/${which}`)
}
