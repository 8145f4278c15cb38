export interface LedgerAccount {
  account: string
  name: string
  kind: string
  balance_fen: number
}

export interface LedgerEntry {
  account: string
  name?: string
  amount_fen: number
}

export interface LedgerTransaction {
  transaction_id: string
  source: string
  source_id: string
  memo: string | null
  occurred_at: string
  posted_at: string
  booked_on: string
  late: boolean
  entries: LedgerEntry[]
}

export interface ParkedDelivery {
  fact_id: string
  handler: string
  kind: string
  attempts: number
  error: string | null
  parked_at: string
  merchant_id: string
}

/** How many deliveries of a handler are parked. */
export interface ParkedCount {
  handler: string
  parked: number
}

export type ParkedKind = 'payment' | 'refund' | 'notification'

/** Money, a refund or a notification that a person must look at. */
export interface ParkedPayment {
  kind: ParkedKind
  id: string
  reference: string
  amount_fen: number | null
  reason: string
  since: string
}
