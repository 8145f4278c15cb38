import { merchantCode } from '@/composables/merchant'

import { newKey, request } from './http'
import type { Page, Payment, PayMethod, TopUp, Wallet, WalletEntry } from './types'

const base = (): string => `/api/shop/${merchantCode.value}/wallet`

export const getWallet = (): Promise<Wallet> => request('GET', base())

export const listEntries = (cursor: string | null): Promise<Page<WalletEntry>> =>
  request('GET', `${base()}/entries`, { query: { cursor, limit: 20 } })

/** A code to show at the till: good for minutes and for one payment. */
export const showCode = (): Promise<{ code: string; expires_at: string }> => request('POST', `${base()}/codes`, { body: {} })

export const orderTopUp = (amountFen: number): Promise<TopUp> =>
  request('POST', `${base()}/topups`, { body: { amount_fen: amountFen }, idempotencyKey: newKey() })

export const payTopUp = (topUpId: string, method: PayMethod): Promise<Payment> =>
  request('POST', `${base()}/topups/${topUpId}/pay`, { body: { method } })

/** Asks WeChat when no notification has come. */
export const syncTopUp = (topUpId: string): Promise<TopUp> =>
  request('POST', `${base()}/topups/${topUpId}/sync-payment`, { body: {} })
