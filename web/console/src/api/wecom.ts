/** WeCom: the corp, its members as guides, their contact codes and customers; and the mini program's notices. */
import { get, post, put, type Page, type Query } from './http'

export interface Corp {
  corp_id: string
  agent_id: number
  token: string
  welcome: string
  callback_url: string
  secret_fingerprint: string | null
  encoding_aes_key_fingerprint: string | null
  verified_at: string | null
  synced_at: string | null
}

export interface Guide {
  userid: string
  name: string
  position: string
  department_ids: number[]
  /** The last sync still named her. */
  listed: boolean
  staff_id: string | null
  staff_name: string | null
  tell_payments: boolean
  label_code: string | null
  code_ready: boolean
  customers: number
}

export interface AddressBook {
  departments: { department_id: number; parent_id: number; name: string }[]
  items: Guide[]
}

export interface GuideCustomer {
  customer_id: string
  guide_name: string
  name: string
  nickname: string | null
  shopper_id: string | null
  label_name: string | null
  state: 'active' | 'left' | 'dropped'
  welcome: 'none' | 'sending' | 'sent' | 'failed'
  welcome_error: string | null
  added_at: string
}

export type NoticeKind = 'order_paid' | 'order_shipped' | 'refund_done' | 'points_expiring'

export interface NoticeWrite {
  kind: NoticeKind
  template_id: string
  data: Record<string, string>
  official_template_id: string
  official_data: Record<string, string>
}

export interface Notice extends NoticeWrite {
  names: string[]
  granted: number
  remaining: number
}

export interface LibraryTemplate {
  template_id: string
  title: string
  content: string
  suggested: Record<NoticeKind, Record<string, string>>
}

const one = (userid: string): string => `/api/merchant/guides/${encodeURIComponent(userid)}`

export const corp = (): Promise<Corp> => get('/api/merchant/wecom')
export const saveCorp = (value: Record<string, unknown>, key: string): Promise<Corp> => put('/api/merchant/wecom', value, key)

export const guides = (): Promise<AddressBook> => get('/api/merchant/guides')
export const syncGuides = (key?: string): Promise<AddressBook> => post('/api/merchant/guides/sync', {}, key)
export const matchGuide = (userid: string, match: { staff_id: string | null; tell_payments: boolean }, key?: string): Promise<Guide> =>
  put(one(userid), match, key)
export const makeCode = (userid: string, key?: string): Promise<Guide> => post(`${one(userid)}/code`, {}, key)
/** WeCom's picture of a guide's code, for `<img>`. */
export const codePicture = (userid: string): string => `${one(userid)}/code`
export const guideCustomers = (query: Query): Promise<Page<GuideCustomer>> => get('/api/merchant/guide-customers', query)

export const notices = (): Promise<{ items: Notice[] }> => get('/api/merchant/notices')
export const saveNotices = (items: NoticeWrite[], key: string): Promise<{ items: Notice[] }> => put('/api/merchant/notices', { items }, key)
export const noticeLibrary = (): Promise<{ items: LibraryTemplate[] }> => get('/api/merchant/notices/library')
