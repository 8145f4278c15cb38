/** The book of the merchant, and the deliveries of facts that were given up on. */
import { get, post, type Page, type Query } from './http'
import type { LedgerAccount, LedgerTransaction, ParkedCount, ParkedDelivery, ParkedPayment } from './types'

export const accounts = (): Promise<Page<LedgerAccount>> => get('/api/merchant/ledger/accounts', { limit: 100 })
export const transactions = (query: Query): Promise<Page<LedgerTransaction>> =>
  get('/api/merchant/ledger/transactions', query)

/** Whose deliveries: the merchant's own, or all of them for an operator. */
export type Scope = 'merchant' | 'platform'

export const parked = (scope: Scope, query: Query): Promise<Page<ParkedDelivery>> =>
  get(`/api/${scope}/deliveries`, query)
export const parkedCounts = (scope: Scope): Promise<{ items: ParkedCount[] }> => get(`/api/${scope}/deliveries/handlers`)
/** All of a handler's, or simply all; how many are due again. */
export const replayAll = (scope: Scope, handler: string | null): Promise<{ replayed: number }> =>
  post(`/api/${scope}/deliveries/replay`, { handler })
export const parkedPayments = (query: Query): Promise<Page<ParkedPayment>> => get('/api/merchant/payments/parked', query)
export function replay(scope: Scope, d: ParkedDelivery): Promise<unknown> {
  const which = `${d.fact_id}/${encodeURIComponent(d.handler)}/replay`
  return post(scope === 'platform' ? `/api/platform/deliveries/${d.merchant_id}/${which}` : `/api/merchant/deliveries/${which}`)
}
