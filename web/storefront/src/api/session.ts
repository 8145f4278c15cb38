import { merchantCode } from '@/composables/merchant'

import { request } from './http'
import type { JssdkConfig, Login, Member, Page, PointsEntry, PointsSummary, Shopper } from './types'

const shop = (): string => `/api/shop/${merchantCode.value}`

/** Who is signed in; `quiet` leaves a 401 to the caller. */
export const getSession = (quiet: boolean): Promise<{ shopper: Shopper }> =>
  request('GET', '/api/shop/session', { quiet })

export const deleteSession = (): Promise<void> => request('DELETE', '/api/shop/session', { quiet: true })

export const loginMiniProgram = (code: string): Promise<Login> =>
  request('POST', `${shop()}/wechat/login`, { body: { code }, quiet: true })

/** `url` is the page's address without its hash, as WeChat signs it. */
export const getJssdk = (url: string): Promise<JssdkConfig> =>
  request('GET', `${shop()}/wechat/jssdk`, { query: { url }, quiet: true })

export const postTouchpoint = (body: { label?: string; sharer_id?: string; page?: string }): Promise<void> =>
  request('POST', `${shop()}/touchpoints`, { body, quiet: true })

/** Fails with `not_a_member` before the first payment. */
export const getMember = (): Promise<Member> => request('GET', `${shop()}/member`)

export const getPointsSummary = (): Promise<PointsSummary> => request('GET', `${shop()}/member/points-summary`)

export const listPoints = (cursor: string | null): Promise<Page<PointsEntry>> =>
  request('GET', `${shop()}/member/points`, { query: { cursor, limit: 20 } })
