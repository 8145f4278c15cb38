/** WeChat apps beyond a secret typed in: authorizations, followers from before, shipping information, the component. */
import { get, post, put, type Page, type Query } from './http'

export type AppKind = 'official_account' | 'mini_program'

export interface Authorization {
  appid: string
  kind: AppKind
  name: string
  state: 'connected' | 'withdrawn'
  connected_at: string
  changed_at: string
}

export interface RefusedPush {
  refusal_id: string
  address: string
  reason: string
  bytes: number
  received_at: string
}

export interface FollowerSync {
  state: 'running' | 'done' | 'failed' | null
  seen: number
  total: number
  added: number
  error: string | null
  changed_at: string | null
  following: number
}

export interface ShippingUpload {
  upload_id: string
  reference_id: string
  reference_no: string
  state: 'queued' | 'sending' | 'sent' | 'parked'
  shipment: { kind: 'express' | 'pickup' | 'virtual'; all_shipped: boolean; parcels: { company: string; tracking_no: string; items: string[] }[] }
  errcode: number | null
  error: string | null
  created_at: string
  sent_at: string | null
  received_at: string | null
}

export interface ShippingSettings {
  enabled: boolean
  managed: boolean | null
}

export interface Component {
  app_id: string
  token: string
  secret_fingerprint: string | null
  encoding_aes_key_fingerprint: string | null
  ticket_url: string
  message_url: string
  ticket_at: string | null
}

export const authorizations = (): Promise<{ offered: boolean; items: Authorization[] }> => get('/api/merchant/wechat/authorizations')
export const authorize = (kind: AppKind, key?: string): Promise<{ url: string }> => post('/api/merchant/wechat/authorizations', { kind }, key)
export const refusedPushes = (): Promise<Page<RefusedPush>> => get('/api/merchant/wechat/refused-pushes')

export const followerSync = (): Promise<FollowerSync> => get('/api/merchant/followers/sync')
export const startFollowerSync = (key?: string): Promise<FollowerSync> => post('/api/merchant/followers/sync', {}, key)

export const shippingSettings = (): Promise<ShippingSettings> => get('/api/merchant/wechat/shipping')
export const switchShipping = (enabled: boolean, key?: string): Promise<ShippingSettings> => put('/api/merchant/wechat/shipping', { enabled }, key)
export const shippingUploads = (query: Query): Promise<Page<ShippingUpload>> => get('/api/merchant/shipping-uploads', query)
export const retryUpload = (id: string): Promise<unknown> => post(`/api/merchant/shipping-uploads/${id}/retry`)

export const component = (): Promise<Component> => get('/api/platform/open-platform')
export const saveComponent = (value: Record<string, unknown>, key: string): Promise<Component> => put('/api/platform/open-platform', value, key)
