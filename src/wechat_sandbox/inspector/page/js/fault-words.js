// What each fault is called in Chinese, and what it does; English names and words come from the control API.

export const FAULTS = {
  slow_before: ['慢（先等再办）', '等 delay_seconds 秒后才生效。'],
  slow_after: ['慢（先办后答）', '立即生效，delay_seconds 秒后才应答。'],
  error_before: ['系统错误（未生效）', '500 SYSTEM_ERROR（errcode -1），什么也没发生。'],
  error_after: ['系统错误（已生效）', '500 SYSTEM_ERROR（errcode -1），但其实已经生效。'],
  frequency_limited: ['频率超限', '429 FREQUENCY_LIMITED（errcode 45011），什么也没发生。'],
  cut_before: ['断开（未生效）', '不应答就断开，什么也没发生。'],
  cut_after: ['断开（已生效）', '已经生效，应答发到一半断开。'],
  late_answer: ['应答太晚', '已经生效，等客户端放弃后才应答。'],
  notified_before_answer: ['通知先于应答', '应答之前通知已到；下单时，用户此时已经付款。'],
  delayed: ['迟到', '这一次在沙箱时间 delay_seconds 秒后才发出。'],
  dropped: ['丢失一次', '这一次没有送达，下一次照常重试。'],
  lost: ['全部丢失', '这个通知每次都送不到，商户只能查单。'],
  doubled: ['重复', '同时送达两次。'],
  reordered: ['乱序', '等后面的先到，或等 delay_seconds 秒。'],
  wrong_signature: ['签名错误', '签名与正文不符，商户必须拒绝。'],
  signtest: ['签名探测', '先发一个 WECHATPAY/SIGNTEST/ 签名的探测，商户必须拒绝。'],
  early: ['早于收银台', '付款页还没应答，通知已到。'],
};
