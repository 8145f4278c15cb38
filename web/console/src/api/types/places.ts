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
  state: 'open' | 'closed'
}

export interface Counter {
  counter_id: string
  store_id: string
  code: string
  name: string
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
