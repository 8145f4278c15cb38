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
