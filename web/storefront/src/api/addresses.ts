import { newKey, request } from './http'
import type { Address, AddressInput, Page } from './types'

const path = '/api/shop/addresses'

export const listAddresses = (): Promise<Page<Address>> => request('GET', path)

export const createAddress = (body: AddressInput): Promise<Address> =>
  request('POST', path, { body, idempotencyKey: newKey() })

export const updateAddress = (addressId: string, body: AddressInput): Promise<Address> =>
  request('PUT', `${path}/${addressId}`, { body })

export const deleteAddress = (addressId: string): Promise<void> => request('DELETE', `${path}/${addressId}`)
