export interface Member {
  member_id: string
  number: string
  shopper: { shopper_id: string; nickname: string | null }
  level: { code: string; name: string }
  points: number
  growth: number
  joined_at: string
}

export interface Follower {
  openid: string
  nickname: string | null
  following: boolean
  store_name: string | null
  label_name?: string | null
  followed_at: string
}

/** A member level: reached from `growth` on. */
export interface Level {
  code: string
  name: string
  growth: number
  benefits: string
}

export interface PointsEntry {
  points: number
  source: string
  source_id: string
  occurred_at: string
  /** Of those by hand: why, and who. */
  reason: string | null
  staff_name: string | null
}

/** What became of all points of a card. */
export interface PointsSummary {
  available: number
  held: number
  earned: number
  redeemed: number
  returned: number
  expired: number
  revoked: number
  next_to_expire: { points: number; expires_at: string } | null
  worth_fen: number | null
}

/** How points are earned, how long they live (null: for ever) and what they pay of an order. */
export interface PointsTerms {
  life_months: number | null
  redeem: boolean
  points_per_yuan: number
  step: number
  most_percent: number
  earn_per_yuan: number
}

/** What the official account said by itself, and what became of it. */
export interface Message {
  message_id: string
  kind: 'chat' | 'notice' | 'guide'
  nickname: string | null
  purpose: string
  title: string
  text: string
  state: 'queued' | 'sending' | 'sent' | 'failed'
  attempts: number
  sent_as: string | null
  /** WeChat's reason. */
  errcode: number | null
  error: string | null
  /** It may have been said all the same. */
  uncertain: boolean
  created_at: string
  changed_at: string
}
