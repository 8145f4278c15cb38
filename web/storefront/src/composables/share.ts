import { miniProgramFrame } from './frame'
import { assetUrl, merchantCode } from './merchant'
import { shopper } from './session'
import { setShare, shareFromFrame } from './wechat'

interface ShareCard {
  title: string
  desc: string
  image: string
  page: string
  query: Record<string, string>
}

const encode = (query: Record<string, string>): string =>
  Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

/** Address of an H5 page with the sharer in it, so that what the friend buys finds its way back. */
export function shareLink(page: string, query: Record<string, string>): string {
  let link = ''
  // #ifdef H5
  const sharer = shopper.value ? `?sharer=${shopper.value.shopper_id}` : ''
  const tail = Object.keys(query).length ? `?${encode(query)}` : ''
  link = `${window.location.origin}/shop/${merchantCode.value}/${sharer}#/${page}${tail}`
  // #endif
  return link
}

/** Tells WeChat's own menu what to send; nothing where there is no WeChat. */
export function offerShare(card: ShareCard): void {
  // #ifdef H5
  if (miniProgramFrame) {
    void shareFromFrame(() => miniProgramCard(card))
    return
  }
  const imgUrl = new URL(assetUrl(card.image) || '/', window.location.origin).href
  void setShare({ title: card.title, desc: card.desc, link: shareLink(card.page, card.query), imgUrl })
  // #endif
  void card
}

/** The card a mini program sends to a chat. */
export function miniProgramCard(card: ShareCard): { title: string; path: string; imageUrl: string } {
  const query = { ...card.query, m: merchantCode.value, ...(shopper.value ? { sharer: shopper.value.shopper_id } : {}) }
  return { title: card.title, path: `/${card.page}?${encode(query)}`, imageUrl: assetUrl(card.image) }
}
