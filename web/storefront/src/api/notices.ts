import { merchantCode } from '@/composables/merchant'

import { request } from './http'

const shop = (): string => `/api/shop/${merchantCode.value}/notices`

/** The templates that a shopper is asked for when she pays in the mini program; empty where there are none. */
export const getWanted = (): Promise<{ template_ids: string[]; member_template_ids: string[] }> => request('GET', shop(), { quiet: true })

/** What `wx.requestSubscribeMessage` answered, by template. */
export const postConsents = (answers: Record<string, string>): Promise<unknown> =>
  request('POST', `${shop()}/consents`, { body: { answers }, quiet: true })
