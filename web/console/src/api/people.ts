import { get, type Page, type Query } from './http'
import type { Follower, Member } from './types'

export const members = (query: Query): Promise<Page<Member>> => get('/api/merchant/members', query)
export const followers = (query: Query): Promise<Page<Follower>> => get('/api/merchant/followers', query)
