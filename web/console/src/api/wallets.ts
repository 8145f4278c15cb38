/** Stored value: the wallets of the merchant's shoppers, their rules and top-ups. Amounts are fen. */
import { get, post, put, type Page, type Query } from './http'

export interface WalletSummary {
  wallets: number
  frozen: number
  principal_fen: number
  gift_fen: number
  held_fen: number
  liability_fen: number
}

export interface Wallet {
  shopper_id: string
  nickname: string | null
  principal_fen: number
  gift_fen: number
  held_fen: number
  frozen_at: string | null
  frozen_reason: string | null
  opened_at: string
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
  state: string
  returned_fen: number
  clawed_fen: number
  paid_at: string | null
}

export interface WalletSettings {
  enabled: boolean
  spend_order: string
  least_fen: number
  most_fen: number
  gift_rules: { paid_fen: number; gift_fen: number }[]
}

export const summary = (): Promise<WalletSummary> => get('/api/merchant/wallets/summary')
export const wallets = (query: Query): Promise<Page<Wallet>> => get('/api/merchant/wallets', query)
export const entries = (shopperId: string, query: Query): Promise<Page<WalletEntry>> =>
  get(`/api/merchant/wallets/${shopperId}/entries`, query)
export const topUps = (shopperId: string): Promise<Page<TopUp>> =>
  get(`/api/merchant/wallets/${shopperId}/topups`, { limit: 50 })
export const freeze = (shopperId: string, reason: string, key: string): Promise<Wallet> =>
  post(`/api/merchant/wallets/${shopperId}/freeze`, { reason }, key)
export const unfreeze = (shopperId: string, key: string): Promise<Wallet> =>
  post(`/api/merchant/wallets/${shopperId}/unfreeze`, {}, key)
export const returnTopUp = (topUpId: string, amountFen: number, reason: string, key: string): Promise<unknown> =>
  post(`/api/merchant/wallet-topups/${topUpId}/returns`, { amount_fen: amountFen, reason }, key)
export const settings = (): Promise<WalletSettings> => get('/api/merchant/wallet-settings')
export const saveSettings = (value: WalletSettings, key: string): Promise<WalletSettings> =>
  put('/api/merchant/wallet-settings', value, key)
