'use strict'
/** Loads pages of the compiled mini program, keeps their stack, and finds and taps what they show by data-testid. */

const path = require('node:path')
const { JSDOM } = require('jsdom')

const { makeWx } = require('./wx')

const WAIT_MS = 15_000
const STEP_MS = 25

/** jsdom's window over Node's globals: the simulator and the compiled pages expect a browser's names. */
function installDom() {
  const { window } = new JSDOM('<!DOCTYPE html><html><body></body></html>', { url: 'http://127.0.0.1/', pretendToBeVisual: true })
  for (const name of Object.getOwnPropertyNames(window)) {
    if (/^(undefined|NaN|Infinity|globalThis|global|console|process|performance|setTimeout|setInterval|clearTimeout|clearInterval|queueMicrotask)$/.test(name)) continue
    if (/^(Object|Array|Function|Promise|Map|Set|WeakMap|WeakSet|Symbol|String|Number|Boolean|Date|RegExp|Error|JSON|Math|Proxy|Reflect|URL|URLSearchParams|.*Error|.*Array|.*ArrayBuffer|DataView|BigInt|Atomics|Intl|WebAssembly|eval|isNaN|isFinite|parse.*|decode.*|encode.*|escape|unescape|fetch|Headers|AbortController|AbortSignal)$/.test(name)) continue
    try {
      Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true })
    } catch {
      // A few of Node's own cannot be replaced, and nothing here needs them.
    }
  }
  globalThis.window = window
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Every node below, in the component's own tree and in what it was given as slots. */
function* nodes(node) {
  yield node
  if (node.shadowRoot) yield* nodes(node.shadowRoot)
  for (const child of node.childNodes || []) yield* nodes(child)
}

class MiniProgram {
  constructor(root, world) {
    this.root = root
    this.stack = []
    installDom()
    // uni puts an object of its own over wx; this one stays what it calls.
    this.wx = globalThis.wx = makeWx({ ...world, go: (how, options) => this.go(how, options) })
    globalThis.App = (options) => (globalThis.__app = options)
    // The compiled pages are components; uni only wraps what is here.
    globalThis.Page = () => undefined
    globalThis.getApp = () => globalThis.__app
    globalThis.getCurrentPages = () => this.stack.map((page) => page.instance)
    this.simulate = require('miniprogram-simulate')
    require(path.join(root, 'app.js'))
    globalThis.__app?.onLaunch?.(this.wx.getLaunchOptionsSync())
    globalThis.__app?.onShow?.(this.wx.getLaunchOptionsSync())
  }

  get page() {
    return this.stack[this.stack.length - 1]
  }

  get log() {
    return this.wx.log
  }

  open(url) {
    const [route, search = ''] = url.replace(/^\//, '').split('?')
    const query = Object.fromEntries(search.split('&').filter(Boolean).map((pair) => pair.split('=')))
    const id = this.simulate.load(path.join(this.root, route), { rootPath: this.root, compiler: 'official' })
    const page = this.simulate.render(id)
    page.attach(globalThis.document.body)
    page.route = page.instance.route = page.instance.is = route
    page.instance.options = query
    this.stack.push(page)
    page.instance.onLoad?.(query)
    page.instance.onShow?.()
    page.instance.onReady?.()
  }

  close() {
    const page = this.stack.pop()
    page?.instance.onUnload?.()
    page?.detach()
  }

  go(how, { url, delta = 1 }) {
    if (how === 'navigateBack') {
      for (let i = 0; i < delta; i++) this.close()
      this.page.instance.onShow?.()
      return
    }
    if (how === 'switchTab') while (this.stack.length) this.close()
    if (how === 'redirectTo') this.close()
    this.open(url)
  }

  /** What the page shows under this data-testid; `where` narrows by other data of the node. */
  all(testid, where = {}) {
    const found = []
    for (const node of nodes(this.page._exparserNode)) {
      const data = node.dataset
      if (data?.testid === testid && Object.entries(where).every(([name, value]) => data[name] === value)) found.push(node)
    }
    return found
  }

  text(testid) {
    const [node] = this.all(testid)
    return node ? node.$$.textContent.trim() : null
  }

  /** Waits until it is there; says what the page looks like when it never comes. */
  async find(testid, where) {
    for (let waited = 0; waited < WAIT_MS; waited += STEP_MS) {
      const [node] = this.page ? this.all(testid, where) : []
      if (node) return node
      await sleep(STEP_MS)
    }
    const here = this.page ? `${this.page.route}: ${this.page.dom.textContent.slice(0, 400)}` : 'no page'
    throw new Error(`${testid} ${JSON.stringify(where ?? {})} never appeared on ${here}\n${JSON.stringify(this.log, null, 1)}`)
  }

  /** A button that is disabled takes no tap: waits until it does. */
  async enabled(testid, where) {
    for (let waited = 0; waited < WAIT_MS; waited += STEP_MS) {
      const node = await this.find(testid, where)
      if (!node._vt.attrs.some(({ name, value }) => name === 'disabled' && value)) return node
      await sleep(STEP_MS)
    }
    throw new Error(`${testid} stayed disabled on ${this.page.route}\n${JSON.stringify(this.log, null, 1)}`)
  }

  async tap(testid, where) {
    const node = await this.enabled(testid, where)
    const event = new globalThis.CustomEvent('tap', { bubbles: true })
    const exparser = require('miniprogram-exparser')
    exparser.Event.dispatchEvent(node, exparser.Event.create('tap', {}, { originalEvent: event, bubbles: true, capturePhase: true, composed: true }))
    await sleep(STEP_MS)
  }

  async arrive(route) {
    for (let waited = 0; waited < WAIT_MS; waited += STEP_MS) {
      if (this.page?.route === route) return
      await sleep(STEP_MS)
    }
    throw new Error(`never arrived at ${route}; still at ${this.page?.route}\n${JSON.stringify(this.log, null, 1)}`)
  }
}

module.exports = { MiniProgram, nodes }
