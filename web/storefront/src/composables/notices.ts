/**
 * Whether the mini program may tell the shopper of her order. WeChat opens the sheet only from a tap, so the templates
 * are loaded with the page, and the tap that pays asks first of all. Nothing here holds up a purchase.
 */
import { getWanted, postConsents } from '@/api/notices'

import { miniProgramFrame } from './frame'
import { merchantCode } from './merchant'
import { askInFrame } from './wechat'

const ASK_AGAIN_MS = 10 * 60_000

let wanted: { merchant: string; templates: string[] } | null = null
let askedAt = 0

function possible(): boolean {
  let here = miniProgramFrame !== ''
  // #ifdef MP-WEIXIN
  here = true
  // #endif
  return here
}

/** Loads what to ask for; call it when a page opens from which one can pay. */
export async function prepareNotices(): Promise<void> {
  if (!possible() || wanted?.merchant === merchantCode.value) return
  const merchant = merchantCode.value
  try {
    wanted = { merchant, templates: (await getWanted()).template_ids }
  } catch {
    // Without an answer nobody is asked.
  }
}

function ask(templates: string[]): Promise<Record<string, string>> {
  let sheet = askInFrame
  // #ifdef MP-WEIXIN
  sheet = (ids) =>
    new Promise((resolve, reject) => {
      uni.requestSubscribeMessage({
        tmplIds: ids,
        success: (answer) => resolve(answer as unknown as Record<string, string>),
        fail: reject,
      })
    })
  // #endif
  return sheet(templates)
}

/** Asks the shopper, once for a purchase, and reports what she said. First thing in the tap that pays. */
export async function askForNotices(): Promise<void> {
  const templates = wanted && wanted.merchant === merchantCode.value ? wanted.templates : []
  if (!possible() || !templates.length || Date.now() - askedAt < ASK_AGAIN_MS) return
  askedAt = Date.now()
  try {
    const answer = await ask(templates)
    const answers = Object.fromEntries(templates.filter((id) => id in answer).map((id) => [id, String(answer[id])]))
    if (Object.keys(answers).length) await postConsents(answers)
  } catch {
    // Switched off in WeChat's settings, or unknown to it: the order goes on without.
  }
}

/** The purchase is made: the next one asks anew. */
export function forgetAsking(): void {
  askedAt = 0
}
