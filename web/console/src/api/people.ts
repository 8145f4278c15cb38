import { get, post, put, type Page, type Query } from './http'
import type { Follower, Level, Member, Message, PointsEntry, PointsSummary, PointsTerms } from './types'

export const members = (query: Query): Promise<Page<Member>> => get('/api/merchant/members', query)
export const followers = (query: Query): Promise<Page<Follower>> => get('/api/merchant/followers', query)

export const levels = (): Promise<{ levels: Level[] }> => get('/api/merchant/member-levels')
export const saveLevels = (levels: Level[], key: string): Promise<{ levels: Level[] }> =>
  put('/api/merchant/member-levels', { levels }, key)

export const memberPoints = (memberId: string, query: Query): Promise<Page<PointsEntry>> => get(`/api/merchant/members/${memberId}/points`, query)
export const memberPointsSummary = (memberId: string): Promise<PointsSummary> => get(`/api/merchant/members/${memberId}/points-summary`)

/** Points to give to a member or to take of hers; she reads the reason. */
export interface PointsWish {
  kind: 'grant' | 'deduct'
  points: number
  reason: string
}

export const adjustPoints = (memberId: string, wish: PointsWish, key: string): Promise<PointsEntry> => post(`/api/merchant/members/${memberId}/points`, wish, key)

export const pointsTerms = (): Promise<PointsTerms> => get('/api/merchant/points-settings')
export const savePointsTerms = (terms: PointsTerms, key: string): Promise<PointsTerms> => put('/api/merchant/points-settings', terms, key)

export const messages = (query: Query): Promise<Page<Message>> => get('/api/merchant/messages', query)
export const retryMessage = (id: string): Promise<unknown> => post(`/api/merchant/messages/${id}/retry`)
