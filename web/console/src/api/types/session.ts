export interface Session {
  staff: { staff_id: string; name: string; role: string; store_id?: string | null }
  merchant: { merchant_id: string; code: string; name: string; is_platform: boolean; state?: string }
  permissions: string[]
}

export interface LoopNumbers {
  scans: number
  follows: number
  orders: number
  paid_orders: number
  paid_fen: number
  members: number
}

export interface Dashboard {
  totals: LoopNumbers
  by_store: (LoopNumbers & { store_id: string | null; store_name: string | null })[]
  trend: (LoopNumbers & { date: string })[]
}

/** An attempt to sign in, and what is odd about it. */
export interface SignInAttempt {
  attempt_id: string
  login: string
  outcome: string
  address: string | null
  user_agent: string | null
  occurred_at: string
  suspicion: 'guessing' | 'after_failures' | 'new_address' | null
}
