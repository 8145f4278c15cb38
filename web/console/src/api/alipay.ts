/** The account at Alipay. Keys are written, never read. */
import { del, get, put } from './http'

export interface AlipayAccount {
  app_id: string
  seller_id: string
  private_key_fingerprint: string
  alipay_public_key_fingerprint: string
  notify_url: string
  installed: boolean
  updated_at: string
}

export const alipayAccount = (): Promise<AlipayAccount> => get('/api/merchant/alipay-account')
export const saveAlipayAccount = (account: Record<string, unknown>, key: string): Promise<AlipayAccount> =>
  put('/api/merchant/alipay-account', account, key)
export const stopAlipay = (key: string): Promise<void> => del('/api/merchant/alipay-account', key)
