'use strict'
/**
 * One purchase in the compiled mini program, over HTTP against whatever serves the shopper API:
 * home -> product -> SKU -> checkout (pickup) -> place -> pay -> paid.
 *
 * BIHUAN_TEST_API      origin of the platform
 * BIHUAN_TEST_SANDBOX  origin of the WeChat sandbox (default: the same)
 * BIHUAN_TEST_APPID    the mini program's appid in the sandbox; found by the merchant's name when not given
 * BIHUAN_TEST_MERCHANT code of the merchant (default qingshan)
 * BIHUAN_TEST_DIST     folder of the compiled mini program
 */
const { MiniProgram, nodes } = require('./miniprogram')
const { httpFetch } = require('./wx')

const api = process.env.BIHUAN_TEST_API
const sandbox = process.env.BIHUAN_TEST_SANDBOX || api
const merchant = process.env.BIHUAN_TEST_MERCHANT || 'qingshan'

async function call(origin, method, path, body) {
  const answer = await httpFetch(origin + path, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : null
}

/** The sandbox's mini program of this merchant: its name starts with the merchant's. */
async function findAppid() {
  if (process.env.BIHUAN_TEST_APPID) return process.env.BIHUAN_TEST_APPID
  const { merchant: shop } = await call(api, 'GET', `/api/shop/${merchant}/home`)
  const { mini_programs: programs } = await call(sandbox, 'GET', '/_sandbox/accounts')
  const mine = programs.find((program) => program.name.includes(shop.name))
  if (!mine) throw new Error(`no mini program of ${shop.name} in the sandbox`)
  return mine.appid
}

async function makePhone() {
  const appid = await findAppid()
  const shopper = await call(sandbox, 'POST', '/_sandbox/shoppers', { nickname: '小程序顾客' })
  const here = `/_sandbox/shoppers/${shopper.shopper_id}`
  return {
    code: async () => (await call(sandbox, 'POST', `${here}/jscode`, { appid })).code,
    agree: (ids) => call(sandbox, 'POST', `${here}/subscriptions`, { appid, template_ids: ids }),
    pay: async (params) => {
      // wx.requestPayment takes no appId: WeChat knows which mini program is open, and signs with it.
      const sheet = await call(sandbox, 'POST', `${here}/sheets`, { pay_params: { appId: appid, ...params } })
      const { state } = await call(sandbox, 'POST', `/_sandbox/sheets/${sheet.sheet_id}/pay`)
      if (!/paid|success/i.test(state)) throw new Error(`the sheet is ${state}`)
    },
  }
}

/** Chooses, for one option after the other, the first value that is not sold out. */
async function chooseOptions(program) {
  const chosen = []
  for (;;) {
    const open = program.all('sku-option').find((option) => !valuesOf(option).some((node) => chosen.includes(node)))
    if (!open) return chosen.map((node) => node.dataset.value)
    const free = valuesOf(open).find((node) => node.dataset.disabled !== 'true')
    if (!free) throw new Error('every value is sold out')
    chosen.push(free)
    await program.tap('sku-value', { value: free.dataset.value })
  }
}

const valuesOf = (option) => [...nodes(option)].filter((node) => node.dataset?.testid === 'sku-value')

async function main() {
  const phone = await makePhone()
  const program = new MiniProgram(process.env.BIHUAN_TEST_DIST, { apiBase: api, merchant, phone })
  program.open('pages/home/home')
  await program.find('product-card')
  const shop = program.text('merchant-name')
  const products = program.all('product-card').length

  const sellable = program.all('product-card').find((node) => !/已售罄/.test(node.$$.textContent))
  await program.tap('product-card', { productId: sellable.dataset.productId })
  await program.arrive('pages/product/product')
  const title = (await program.find('product-title')).$$.textContent.trim()
  await program.tap('buy-now')
  await program.find('sku-sheet')
  const options = await chooseOptions(program)
  await program.tap('sku-buy-now')

  await program.arrive('pages/checkout/checkout')
  await program.tap('method-pickup')
  await program.find('checkout-store')
  await program.tap('place-order')
  await program.arrive('pages/pay/pay')
  await program.arrive('pages/result/result')
  const result = (await program.find('result-title')).$$.textContent.trim()
  const pickupCode = program.text('result-pickup-code')
  await program.find('member-card')
  const member = program.text('member-number')

  const { calls, payments, consents, toasts } = program.log
  process.stdout.write(JSON.stringify({ shop, products, title, options, result, pickup_code: pickupCode, member, calls, payments, consents, toasts }) + '\n')
  process.exit(0)
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
