export interface Store {
  store_id: string
  code: string
  name: string
  province: string
  city: string
  district: string
  address: string
  phone: string
  hours: string
  pickup: boolean
  state: 'open' | 'closed' | 'retired'
}

export interface Counter {
  counter_id: string
  store_id: string
  code: string
  name: string
  state: 'open' | 'retired'
}

export interface StaffMember {
  staff_id: string
  login: string
  name: string
  role: string
  store_id: string | null
  counter_id?: string | null
  active: boolean
}

export type LabelKind = 'store' | 'counter' | 'staff' | 'campaign'

export interface Label {
  label_id: string
  code: string
  kind: LabelKind
  name: string
  store_id: string | null
  counter_id?: string | null
  staff_id?: string | null
  qr_content: string | null
  scans: number
  created_at: string
}

/** How shoppers see the merchant, and what a parcel costs them. */
export interface Profile {
  code: string
  name: string
  intro: string
  logo_url: string | null
  theme_color: string
  freight_fen: number
  /** From this much of goods on, freight is free; null: never. */
  freight_free_from_fen: number | null
}
