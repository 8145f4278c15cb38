// Drives a service provider's interfaces with wechatpay-axios-plugin, unchanged but for its base URL.
// In: one JSON object on stdin. Out: one JSON object.
const { Wechatpay, Rsa } = require('wechatpay-axios-plugin');

async function main() {
  const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  const { merchant, number, openid, sub_mchid } = given;
  const wxpay = new Wechatpay({
    mchid: merchant.mchid,
    serial: merchant.serial_no,
    privateKey: merchant.private_key_pem,
    certs: { [merchant.public_key_id]: merchant.public_key_pem },
    baseURL: given.url,
  });
  const told = {};
  const owners = { sp_appid: merchant.appids[0], sp_mchid: merchant.mchid, sub_mchid };
  const numbers = { sp_mchid: merchant.mchid, sub_mchid };
  const goods = { description: '一件', amount: { total: 100, currency: 'CNY' } };
  const notify_url = 'http://127.0.0.1:9/none';

  const transactions = wxpay.v3.pay.partner.transactions;
  const order = { ...owners, ...goods, notify_url, out_trade_no: number, payer: { sp_openid: openid } };
  told.jsapi = (await transactions.jsapi.post(order)).data;
  const byNumber = transactions.outTradeNo.$out_trade_no$;
  told.query = (await byNumber.get({ params: numbers, out_trade_no: number })).data;
  told.close = (await byNumber.close.post(numbers, { out_trade_no: number })).status;
  const till = {
    ...owners, ...goods, out_trade_no: `${number}K`, payer: { auth_code: given.auth_code },
    scene_info: { store_info: { id: '1' } },
  };
  told.codepay = (await transactions.codepay.post(till)).data;
  told.reverse = (await byNumber.reverse.post(numbers, { out_trade_no: till.out_trade_no })).data;

  const sub_orders = ['A', 'B'].map((name) => ({
    mchid: merchant.mchid, sub_mchid, attach: name, amount: { total_amount: 100, currency: 'CNY' },
    out_trade_no: `${number}${name}`, description: '一件',
  }));
  const combine = wxpay.v3.combineTransactions;
  told.combine = (await combine.native.post({
    combine_appid: merchant.appids[0], combine_mchid: merchant.mchid, combine_out_trade_no: `${number}C`,
    sub_orders, notify_url,
  })).data;
  const combined = combine.outTradeNo.$combine_out_trade_no$;
  const which = { combine_out_trade_no: `${number}C` };
  told.combined = (await combined.get(which)).data;
  told.combine_close = (await combined.close.post({
    combine_appid: merchant.appids[0],
    sub_orders: sub_orders.map(({ mchid, out_trade_no }) => ({ mchid, sub_mchid, out_trade_no })),
  }, which)).status;

  const bills = wxpay.chain('v3/fund-app/mch-transfer/transfer-bills');
  told.transfer = (await bills.post({
    appid: merchant.appids[0], out_bill_no: `${number}T`, transfer_scene_id: '1009', openid,
    transfer_amount: 100, transfer_remark: '货款',
    transfer_scene_report_infos: [{ info_type: '采购商品名称', info_content: '亚麻布' }],
  })).data;
  const bill = wxpay.chain('v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}');
  told.transfer_query = (await bill.get({ out_bill_no: `${number}T` })).data;
  told.transfer_cancel = (await wxpay
    .chain('v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}/cancel')
    .post({}, { out_bill_no: `${number}T` })).data;

  const complaint = 'v3/merchant-service/complaints-v2/{complaint_id}';
  const { complaint_id } = given;
  const detail = (await wxpay.chain(complaint).get({ complaint_id })).data;
  told.phone = Rsa.decrypt(detail.payer_phone, merchant.private_key_pem);
  told.answered = (await wxpay.chain(`${complaint}/response`).post(
    { complainted_mchid: sub_mchid, response_content: '好的' }, { complaint_id },
  )).status;
  told.history = (await wxpay.chain(`${complaint}/negotiation-historys`).get({ complaint_id })).data;
  process.stdout.write(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error.response ? JSON.stringify(error.response.data) : '', error.stack || error);
  process.exit(1);
});
