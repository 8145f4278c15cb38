import { asApiError } from '@/api/errors'
import { postTouchpoint } from '@/api/session'

import { merchantCode, openMerchant } from './merchant'

/** How the shopper came in: a labelled code or a friend's share. */
interface Arrival {
  label?: string
  sharer_id?: string
}

let arrival: Arrival = {}
let reported = ''

const DONE_KEY = 'bihuan.touchpoint'

function alreadyReported(mark: string): boolean {
  if (reported === mark) return true
  // #ifdef H5
  // The H5 starts anew after the sign-in page; the browser's session is what "once" means.
  if (sessionStorage.getItem(DONE_KEY) === mark) return true
  // #endif
  return false
}

function markReported(mark: string): void {
  reported = mark
  // #ifdef H5
  sessionStorage.setItem(DONE_KEY, mark)
  // #endif
}

function parseQuery(text: string): Record<string, string> {
  const result: Record<string, string> = {}
  for (const pair of text.replace(/^\?/, '').split('&')) {
    const [name, value = ''] = pair.split('=')
    if (name) result[name] = decodeURIComponent(value)
  }
  return result
}

/** Takes `l`, `sharer` and `m` from the address or from a mini program's launch query and scene. */
export function noteArrival(launch: Record<string, string | undefined> = {}): void {
  let query: Record<string, string | undefined> = launch
  // #ifdef H5
  query = parseQuery(window.location.search)
  // #endif
  if (query.scene) {
    // A mini-program code's scene: at most 32 characters, either `l=CODE&m=CODE` or the bare label.
    const scene = decodeURIComponent(query.scene)
    query = scene.includes('=') ? { ...query, ...parseQuery(scene) } : { ...query, l: scene }
  }
  openMerchant(query.m)
  if (!query.l && !query.sharer) return
  arrival = {}
  if (query.l) arrival.label = query.l
  if (query.sharer) arrival.sharer_id = query.sharer
}

function currentPage(): string | undefined {
  const pages = getCurrentPages()
  let page = pages[pages.length - 1]?.route
  // #ifdef H5
  // The first page may still be loading; its address is there already.
  page ??= /^#\/([^?]+)/.exec(window.location.hash)?.[1]
  // #endif
  return page
}

/** Tells the platform how the shopper came in, once per session; needs a signed-in shopper. */
export async function reportTouchpoint(): Promise<void> {
  if (!arrival.label && !arrival.sharer_id) return
  const mark = [merchantCode.value, arrival.label ?? '', arrival.sharer_id ?? ''].join('|')
  if (alreadyReported(mark)) return
  markReported(mark)
  try {
    await postTouchpoint({ ...arrival, page: currentPage() })
  } catch (error) {
    // Attribution is no reason to disturb a purchase. A label that does not exist is done with; where the way to the
    // platform failed, the next start of the page tries again.
    if (!asApiError(error).transient) return
    reported = ''
    // #ifdef H5
    sessionStorage.removeItem(DONE_KEY)
    // #endif
  }
}
