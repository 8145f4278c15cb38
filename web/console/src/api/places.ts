/** Stores, their counters, staff and the labelled codes that bring shoppers in. */
import { get, getFile, post, put, type Page, type Query } from './http'
import type { Counter, Label, LabelKind, Profile, StaffMember, Store } from './types'

export type StoreWrite = Omit<Store, 'store_id'>

export const stores = (): Promise<Page<Store>> => get('/api/merchant/stores', { limit: 100 })
export const createStore = (store: StoreWrite, key: string): Promise<Store> => post('/api/merchant/stores', store, key)
export const updateStore = (id: string, store: StoreWrite, key: string): Promise<Store> =>
  put(`/api/merchant/stores/${id}`, store, key)

export const counters = (storeId: string): Promise<Page<Counter>> =>
  get(`/api/merchant/stores/${storeId}/counters`, { limit: 100 })
export const createCounter = (storeId: string, counter: { code: string; name: string }, key: string): Promise<Counter> =>
  post(`/api/merchant/stores/${storeId}/counters`, counter, key)

export const updateCounter = (counter: Counter, change: Pick<Counter, 'name' | 'state'>, key: string): Promise<Counter> =>
  put(`/api/merchant/stores/${counter.store_id}/counters/${counter.counter_id}`, change, key)
/** Gives a store up with its counters; refused while stock lies there or pickups wait. */
export const retireStore = (id: string, key: string): Promise<Store> => post(`/api/merchant/stores/${id}/retire`, {}, key)

export const profile = (): Promise<Profile> => get('/api/merchant/profile')
export const saveProfile = (value: Omit<Profile, 'code'>, key: string): Promise<Profile> =>
  put('/api/merchant/profile', value, key)

export interface StaffWrite {
  login: string
  name: string
  role: string
  store_id: string | null
  password?: string
  active?: boolean
}

export const staff = (query: Query = { limit: 100 }): Promise<Page<StaffMember>> => get('/api/merchant/staff', query)
export const createStaff = (person: StaffWrite, key: string): Promise<StaffMember> =>
  post('/api/merchant/staff', person, key)
export const updateStaff = (id: string, person: StaffWrite, key: string): Promise<StaffMember> =>
  put(`/api/merchant/staff/${id}`, person, key)

export interface LabelWrite {
  kind: LabelKind
  name: string
  store_id?: string | null
  counter_id?: string | null
  staff_id?: string | null
}

export const labels = (query: Query): Promise<Page<Label>> => get('/api/merchant/labels', query)
export const createLabel = (label: LabelWrite, key: string): Promise<Label> =>
  post('/api/merchant/labels', label, key)

/** Every label, for the print sheet: pages until the end, at most a thousand. */
export async function allLabels(): Promise<Label[]> {
  const all: Label[] = []
  let cursor: string | null = null
  for (let page = 0; page < 10; page++) {
    const part: Page<Label> = await labels({ limit: 100, cursor })
    all.push(...part.items)
    cursor = part.next_cursor
    if (!cursor) break
  }
  return all
}

export const qrSvg = (labelId: string): string => `/api/merchant/labels/${labelId}/qr.svg`
/** The label's code for the mini program, drawn by WeChat. */
export const miniCode = (labelId: string): Promise<Blob> => getFile(`/api/merchant/labels/${labelId}/mini-program.jpg?size=1280`)
export const qrPng = (labelId: string, size = 1024): string => `/api/merchant/labels/${labelId}/qr.png?size=${size}`
