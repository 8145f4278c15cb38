// Drives the sandbox with wechatpay-axios-plugin, unchanged but for its base URL.
// In: one JSON object on stdin (credentials, an openid, a notification to open). Out: one JSON object.
const { Wechatpay, Rsa, Formatter, Aes } = require('wechatpay-axios-plugin');

async function main() {
  const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  const { merchant, order, notice, url } = given;
  const wxpay = new Wechatpay({
    mchid: merchant.mchid,
    serial: merchant.serial_no,
    privateKey: merchant.private_key_pem,
    certs: {
      [merchant.platform_serial_no]: merchant.platform_certificate_pem,
      [merchant.public_key_id]: merchant.public_key_pem,
    },
    baseURL: url,
  });
  const told = {};
  const transactions = wxpay.v3.pay.transactions;
  told.jsapi = (await transactions.jsapi.post(order)).data;
  const { payer, ...native } = order;
  native.out_trade_no = `${order.out_trade_no}N`;
  told.native = (await transactions.native.post(native)).data;
  const params = { mchid: merchant.mchid };
  told.query = (await transactions.outTradeNo.$out_trade_no$.get({ params, out_trade_no: order.out_trade_no })).data;
  told.close = (await transactions.outTradeNo.$out_trade_no$.close.post(
    { mchid: merchant.mchid }, { out_trade_no: native.out_trade_no },
  )).status;
  told.certificates = (await wxpay.v3.certificates.get()).data.data.map((row) => {
    const { ciphertext, nonce, associated_data: aad } = row.encrypt_certificate;
    return { serial: row.serial_no, pem: Aes.AesGcm.decrypt(ciphertext, merchant.apiv3_key, nonce, aad) };
  });
  try {
    await transactions.jsapi.post({ ...order, surprise: 1 });
  } catch (error) {
    told.refused = { status: error.response.status, ...error.response.data };
  }
  const refund = {
    transaction_id: given.transaction_id, out_refund_no: `${order.out_trade_no}R`,
    amount: { refund: 100, total: order.amount.total, currency: 'CNY' },
  };
  told.refund = (await wxpay.v3.refund.domestic.refunds.post(refund)).data;
  const { headers, body } = notice;
  const key = headers['wechatpay-serial'].startsWith('PUB_KEY_ID')
    ? merchant.public_key_pem : merchant.platform_certificate_pem;
  told.notice_verified = Rsa.verify(
    Formatter.response(headers['wechatpay-timestamp'], headers['wechatpay-nonce'], body),
    headers['wechatpay-signature'], Rsa.from(key, Rsa.KEY_TYPE_PUBLIC),
  );
  const { ciphertext, nonce, associated_data: aad } = JSON.parse(body).resource;
  told.notice = JSON.parse(Aes.AesGcm.decrypt(ciphertext, merchant.apiv3_key, nonce, aad));
  process.stdout.write(JSON.stringify(told));
}

main().catch((error) => { console.error(error.stack || error); process.exit(1); });
