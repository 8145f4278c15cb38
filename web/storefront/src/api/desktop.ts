import { merchantCode } from '@/composables/merchant'

import { request } from './http'
import type { DesktopCode, DesktopStatus, Shopper } from './types'

const root = (): string => `/api/shop/${merchantCode.value}/wechat/desktop-sign-ins`

/** A code for the phone; the browser keeps a cookie that makes it the one whom this sign-in serves. */
export const beginDesktopSignIn = (): Promise<DesktopCode> => request('POST', root(), { body: {}, quiet: true })

/** How it stands; 404 when it is over. */
export const getDesktopSignIn = (id: string): Promise<DesktopStatus> => request('GET', `${root()}/${id}`, { quiet: true })

/** Exchanges a confirmed sign-in for a session, once. */
export const finishDesktopSignIn = (id: string): Promise<{ shopper: Shopper }> =>
  request('POST', `${root()}/${id}/session`, { body: {}, quiet: true })
