import { get, post, type Page, type Query } from './http'
import type { Dashboard, Order, OrderDetail } from './types'

const ROOT = '/api/merchant/orders'

export const dashboard = (days: number): Promise<Dashboard> => get('/api/merchant/dashboard', { days })

export const list = (query: Query): Promise<Page<Order>> => get(ROOT, query)

export const find = (orderId: string): Promise<OrderDetail> => get(`${ROOT}/${orderId}`)

export interface Shipment {
  company: string
  tracking_no: string
  lines?: { line_id: string; quantity: number }[]
}

export const ship = (orderId: string, shipment: Shipment, key: string): Promise<Order> =>
  post(`${ROOT}/${orderId}/ship`, shipment, key)

export const cancel = (orderId: string, reason: string, key: string): Promise<Order> =>
  post(`${ROOT}/${orderId}/cancel`, { reason }, key)

export const handOver = (code: string, key: string): Promise<Order> => post('/api/merchant/pickups', { code }, key)
