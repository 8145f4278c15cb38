/** Signing in at a desk: a panel with a code for WeChat, and with the digits that the chat then asks for. */
import { beginDesktopSignIn, finishDesktopSignIn, getDesktopSignIn } from '@/api/desktop'
import { ApiError, asApiError } from '@/api/errors'
import type { DesktopCode, Shopper } from '@/api/types'
import { qrUrl } from '@/composables/qr'
import { merchant } from '@/composables/theme'
import { t, type MessageKey } from '@/i18n'

import './styles/desktop-sign-in.scss'

const POLL_MS = 1200

function element(parent: Element, kind: string, name: string, testid?: string): HTMLElement {
  const made = document.createElement(kind)
  made.className = name
  if (testid) made.dataset.testid = testid
  parent.appendChild(made)
  return made
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

class Panel {
  private readonly veil = element(document.body, 'div', 'sign-in', 'desktop-sign-in')
  private readonly box = element(this.veil, 'div', 'sign-in__box')
  private readonly close = element(this.box, 'button', 'sign-in__close', 'desktop-sign-in-close') as HTMLButtonElement
  private readonly frame = element(this.box, 'div', 'sign-in__frame')
  private readonly picture = element(this.frame, 'img', 'sign-in__qr', 'desktop-sign-in-qr') as HTMLImageElement
  private readonly digits = element(this.frame, 'div', 'sign-in__digits num', 'desktop-sign-in-digits')
  private readonly again = element(this.frame, 'button', 'sign-in__again', 'desktop-sign-in-again') as HTMLButtonElement
  private readonly title: HTMLElement
  private readonly hint: HTMLElement
  private readonly before = document.activeElement as HTMLElement | null
  private turn = 0

  constructor(
    private readonly done: (shopper: Shopper) => void,
    private readonly failed: (error: ApiError) => void,
  ) {
    this.title = element(this.box, 'h2', 'sign-in__title')
    this.hint = element(this.box, 'p', 'sign-in__hint', 'desktop-sign-in-hint')
    this.box.setAttribute('role', 'dialog')
    this.box.setAttribute('aria-modal', 'true')
    this.box.setAttribute('aria-label', t('desktop.signIn'))
    this.hint.setAttribute('aria-live', 'polite')
    this.close.textContent = '×'
    this.close.setAttribute('aria-label', t('common.back'))
    this.close.onclick = () => this.cancel()
    this.again.onclick = () => void this.begin()
    this.veil.onclick = (event) => event.target === this.veil && this.cancel()
    this.veil.onkeydown = (event) => this.keys(event)
    this.close.focus()
    void this.begin()
  }

  private keys(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.cancel()
    if (event.key !== 'Tab') return
    // The rest of the page is behind the veil: the keyboard stays on the panel.
    event.preventDefault()
    const next = document.activeElement === this.close && !this.again.hidden ? this.again : this.close
    next.focus()
  }

  private leave(): void {
    this.turn++
    this.veil.remove()
    this.before?.focus()
  }

  private cancel(): void {
    this.leave()
    this.failed(new ApiError('sign_in_cancelled', 401, t('desktop.cancelled')))
  }

  private say(stage: 'loading' | 'code' | 'digits' | 'over', title: MessageKey, hint: string): void {
    this.veil.dataset.stage = stage
    this.again.hidden = stage !== 'over'
    this.again.textContent = t('desktop.again')
    this.title.textContent = t(title, { shop: merchant.value?.name ?? '' })
    this.hint.textContent = hint
  }

  private async begin(): Promise<void> {
    const mine = ++this.turn
    this.say('loading', 'desktop.signIn', t('desktop.loading'))
    try {
      const code = await beginDesktopSignIn()
      if (mine !== this.turn) return
      this.picture.src = qrUrl(code.qr_content)
      this.picture.alt = t('desktop.scanToSignIn')
      this.say('code', 'desktop.signIn', t('desktop.scanToSignIn'))
      await this.watch(code, mine)
    } catch (thrown) {
      if (mine === this.turn) this.say('over', 'desktop.signIn', asApiError(thrown).message)
    }
  }

  /** Asks how it stands until it is decided; a moment without the network changes nothing. */
  private async watch(code: DesktopCode, mine: number): Promise<void> {
    while (mine === this.turn) {
      await wait(POLL_MS)
      if (mine !== this.turn) return
      try {
        const status = await getDesktopSignIn(code.sign_in_id)
        if (mine !== this.turn) return
        if (status.state === 'scanned' && status.digits) {
          this.digits.textContent = status.digits
          this.say('digits', 'desktop.digits', t('desktop.digitsHint'))
        } else if (status.state === 'confirmed') {
          const { shopper } = await finishDesktopSignIn(code.sign_in_id)
          this.leave()
          this.done(shopper)
          return
        } else if (status.state === 'refused') {
          this.say('over', 'desktop.signIn', t('desktop.refused'))
          return
        }
      } catch (thrown) {
        const error = asApiError(thrown)
        if (error.transient) continue
        this.say('over', 'desktop.signIn', error.status === 404 ? t('desktop.over') : error.message)
        return
      }
    }
  }
}

/** Shows the panel; resolves with who signed in, fails when the panel is closed. */
export function signInAtDesk(): Promise<Shopper> {
  return new Promise((resolve, reject) => new Panel(resolve, reject))
}
