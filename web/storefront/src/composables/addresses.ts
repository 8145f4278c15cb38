import { ref } from 'vue'

import type { Address } from '@/api/types'

/** The address picked in the book for the open checkout; empty when none was. */
export const chosenAddressId = ref('')

/** Mainland mobile numbers, and landlines or foreign ones in a loose form. */
export function validPhone(phone: string): boolean {
  return /^1[3-9]\d{9}$/.test(phone) || /^(0\d{2,3}-?\d{7,8}|\+?\d{8,15})$/.test(phone)
}

export const fullAddress = (address: Pick<Address, 'province' | 'city' | 'district' | 'street'>): string =>
  // A municipality is its own city: it is not said twice.
  [address.province === address.city ? '' : address.province, address.city, address.district, address.street].filter(Boolean).join(' ')

/** A number as it may be shown to those who look over a shoulder: 138****5678. */
export const maskPhone = (phone: string): string => phone.replace(/^(\d{3})\d{4}(\d{4})$/, '$1****$2')
