// Words, Chinese first.

const WORDS = {
  title: ['微信沙箱抓包', 'WeChat sandbox inspector'], brand: ['抓包', 'Inspector'],
  find: ['筛选：地址、正文、应答里的文字', 'Filter: text in address, body, answer'],
  anyone: ['所有商户与应用', 'All merchants, apps'], anyKind: ['所有类型', 'All kinds'], anyStatus: ['所有状态', 'Any status'],
  api: ['接口', 'API'], notification: ['支付通知', 'Notifications'], push: ['消息推送', 'Pushes'], handshake: ['接入验证', 'Handshakes'],
  other: ['其他', 'Other'], failed: ['失败', 'Failed'], badSignature: ['验签失败', 'Bad signature'],
  pause: ['暂停', 'Pause'], resume: ['继续', 'Resume'], clear: ['清空', 'Clear'], faults: ['故障', 'Faults'], phone: ['手机', 'Phone'],
  language: ['English', '中文'], help: ['快捷键', 'Keys'],
  overview: ['概览', 'Overview'], request: ['请求', 'Request'], answer: ['应答', 'Answer'], signature: ['签名', 'Signature'],
  plain: ['明文', 'Plaintext'], curl: ['curl', 'curl'], replay: ['重放', 'Replay'], redeliver: ['再投递', 'Redeliver'],
  copyCurl: ['复制 curl', 'Copy as curl'], copied: ['已复制', 'Copied'], copy: ['复制', 'Copy'], replayed: ['已重放', 'Done again'],
  headers: ['头', 'Headers'], body: ['正文', 'Body'], noBody: ['没有正文', 'No body'], cut: ['只保留了开头', 'only the head is kept'],
  bytes: ['字节', 'bytes'], pretty: ['格式化', 'Pretty'], raw: ['原文', 'Raw'], choose: ['选一行看详情', 'Choose a line'],
  none: ['还没有交换', 'No exchanges yet'], noneHow: ['把你的程序的微信域名指向这里，或在手机上操作', 'Point your program here, or use the phone'],
  noMatch: ['没有符合条件的', 'Nothing matches'], waiting: ['进行中', 'under way'], valid: ['验签通过', 'Signature valid'],
  invalid: ['验签失败', 'Signature invalid'], absent: ['没有签名', 'No signature'], noSignature: ['这类请求不用签名', 'No signature is wanted here'],
  expected: ['沙箱按收到的内容算出', 'What arrived (expected)'], signed: ['客户端实际签的', 'What the client signed'],
  signedBy: ['签名所用的密钥', 'Signed by'], authItems: ['Authorization 各项', 'Authorization items'], platformSigned: ['平台签名', 'Signed by the platform'],
  holds: ['平台签名有效', "The platform's signature holds"], fails: ['平台签名与正文不符（故障）', "The platform's signature does not hold (a fault)"],
  probe: ['签名探测：商户必须拒绝', 'A probe: the merchant must refuse it'], canonical: ['待签名串', 'Canonical string'],
  decrypted: ['用 %s 解密', 'Decrypted with %s'], clearText: ['明文模式', 'Plain mode'], noPlain: ['没有加密内容', 'Nothing is encrypted here'],
  attempts: ['投递记录', 'Deliveries'], fault: ['故障', 'Fault'], error: ['错误', 'Error'], merchant: ['商户', 'Merchant'], app: ['应用', 'App'],
  at: ['时间', 'Time'], took: ['耗时', 'Took'], target: ['地址', 'Address'], status: ['状态', 'Status'], back: ['返回', 'Back'],
  badDay: ['糟糕的一天', 'A bad day'], endFaults: ['全部结束', 'End all'], close: ['关闭', 'Close'], noFaults: ['没有故障。', 'None in force.'], endFault: ['结束', 'End'],
  whichFault: ['哪种故障', 'Which fault'], howOften: ['百分之几', 'Per cent'], whichPath: ['哪些接口路径', 'Paths'], whichEvent: ['哪些事件', 'Events'], addFault: ['添加', 'Add'],
  clock: ['时钟', 'Clock'], chinaTime: ['北京时间', 'China time'], clockTo: ['拨到', 'Set to'], clockSet: ['拨到这时', 'Set'], clockBills: ['到明天 10:30（出账单）', 'to tomorrow 10:30 (bills)'],
  clockDoes: ['只能往前。重试、过期、结算和账单按沙箱的时间来；签名里的时间戳仍是真实时间。', 'Forward only. Retries, expiries, settlement and bills follow it; timestamps in signatures stay real.'],
  min1: ['1 分钟', '1 min'], min10: ['10 分钟', '10 min'], hour1: ['1 小时', '1 hour'], day1: ['1 天', '1 day'], day30: ['30 天', '30 days'], d: [' 天', ' d'], h: [' 小时', ' h'], min: [' 分钟', ' min'], s: [' 秒', ' s'],
  matched: ['匹配', 'matched'], fired: ['发生', 'fired'], kMove: ['上一条、下一条', 'up, down'], kFilter: ['筛选', 'filter'], kTabs: ['切换标签', 'tabs'],
  kReplay: ['重放', 'replay'], kCopy: ['复制 curl', 'copy as curl'], kPause: ['暂停', 'pause'], kEsc: ['关闭、清除筛选', 'close, clear the filter'], kNewest: ['最新一条', 'newest'],
};

let language = new URLSearchParams(location.search).get('lang') || localStorage.getItem('inspector.language') || 'zh';

export const isChinese = () => language !== 'en';
export function t(name, ...values) {
  const text = (WORDS[name] ?? [name, name])[isChinese() ? 0 : 1];
  return values.reduce((done, value) => done.replace('%s', value), text);
}
export function switchLanguage() {
  language = isChinese() ? 'en' : 'zh';
  localStorage.setItem('inspector.language', language);
}
export const said = (hint) => (isChinese() ? hint.zh : hint.en);
