/**
 * Whether the mini program may tell the shopper of her order. WeChat opens the sheet only from a tap, so the templates
 * are loaded with the page, and the tap that pays asks first of all. Nothing here holds up a purchase.
 */
import { getWanted, postConsents } from '@/api/notices'

import { miniProgramFrame } from './frame'
import { merchantCode } from './merchant'
import { askInFrame } from './wechat'

const ASK_AGAIN_MS = 10 * 60_000

let wanted: { merchant: string; templates: string[]; ofCard: string[] } | null = null
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
    const found = await getWanted()
    wanted = { merchant, templates: found.template_ids, ofCard: found.member_template_ids }
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
  await put(templates)
}

/** Puts the sheet before the shopper and reports what she said; whether she agreed to any. */
async function put(templates: string[]): Promise<boolean> {
  try {
    const answer = await ask(templates)
    const answers = Object.fromEntries(templates.filter((id) => id in answer).map((id) => [id, String(answer[id])]))
    if (Object.keys(answers).length) await postConsents(answers)
    return Object.values(answers).some((said) => said.startsWith('accept'))
  } catch {
    // Switched off in WeChat's settings, or unknown to it: the order goes on without.
    return false
  }
}

/** Whether a member can be told of her points here: in the mini program, where the merchant has a template. */
export async function canTellOfPoints(): Promise<boolean> {
  await prepareNotices()
  return possible() && wanted?.merchant === merchantCode.value && wanted.ofCard.length > 0
}

/** Asks a member whether she wants to be told before points expire. First thing in her tap. */
export function askToTellOfPoints(): Promise<boolean> {
  return put(wanted?.ofCard ?? [])
}

/** The purchase is made: the next one asks anew. */
export function forgetAsking(): void {
  askedAt = 0
}
