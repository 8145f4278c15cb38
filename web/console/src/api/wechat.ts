/** The official account, its replies and menu, and the WeChat Pay account. Secrets are written, never read. */
import { get, post, put, type Page } from './http'
import type { Menu, MenuButton, OfficialAccount, PaymentAccount, RefusedCallback, Replies } from './types'

export const officialAccount = (): Promise<OfficialAccount> => get('/api/merchant/official-account')
export const saveOfficialAccount = (account: Record<string, unknown>, key: string): Promise<OfficialAccount> =>
  put('/api/merchant/official-account', account, key)

export const replies = (): Promise<Replies> => get('/api/merchant/replies')
export const saveReplies = (value: Replies, key: string): Promise<Replies> => put('/api/merchant/replies', value, key)

export const menu = (): Promise<Menu> => get('/api/merchant/menu')
export const saveMenu = (buttons: MenuButton[], key: string): Promise<Menu> =>
  put('/api/merchant/menu', { buttons }, key)
export const publishMenu = (key: string): Promise<Menu> => post('/api/merchant/menu/publish', {}, key)

export const paymentAccount = (): Promise<PaymentAccount> => get('/api/merchant/payment-account')
export const savePaymentAccount = (account: Record<string, unknown>, key: string): Promise<PaymentAccount> =>
  put('/api/merchant/payment-account', account, key)
export const joinProvider = (account: Record<string, unknown>, key: string): Promise<PaymentAccount> =>
  put('/api/merchant/payment-account/partner', account, key)
export const refusedCallbacks = (): Promise<Page<RefusedCallback>> => get('/api/merchant/payments/refused-callbacks')
