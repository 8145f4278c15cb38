// Sends calls through wechatpay-axios-plugin, unchanged but for its base URL, and tells how each ended.
// In: {url, merchants: {mchid: row}, calls: [{mchid, method, target, body}]}. Out: a list of results.
const { Wechatpay } = require('wechatpay-axios-plugin');

async function main() {
  const { url, merchants, calls } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  const clients = {};
  for (const [mchid, row] of Object.entries(merchants)) {
    clients[mchid] = new Wechatpay({
      mchid, serial: row.serial_no, privateKey: row.private_key_pem,
      certs: { [row.platform_serial_no]: row.platform_certificate_pem, [row.public_key_id]: row.public_key_pem },
      baseURL: url,
    });
  }
  const results = [];
  for (const { mchid, method, target, body } of calls) {
    const [path, query] = target.slice(1).split('?');
    const params = Object.fromEntries(new URLSearchParams(query ?? ''));
    const chain = clients[mchid].chain(path);
    try {
      const config = { params, responseType: path.includes('download') ? 'arraybuffer' : undefined };
      const answer = ['get', 'delete'].includes(method) ? await chain[method](config) : await chain[method](body, config);
      results.push(`ok ${answer.status}`);
    } catch (error) {
      results.push(error.response ? `${error.response.status} ${error.response.data?.code ?? 'no such interface'}` : String(error.message ?? error).slice(0, 60));
    }
  }
  process.stdout.write(JSON.stringify(results));
}

main().catch((error) => { console.error(error.stack || error); process.exit(1); });
