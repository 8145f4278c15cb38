import type { Same } from '../shape'

export const zh = {
  title: '自提核销',
  hint: '请顾客出示订单里的提货码，输入或用扫码枪扫入。',
  placeholder: '提货码',
  submit: '核销交付',
  done: '核销成功，请把商品交给顾客',
  next: '核销下一单',
  openOrder: '查看订单',
  recent: '本次核销',
  recentEmpty: '今天在这台电脑上核销的订单会出现在这里',
  clear: '清空',
}

export const en: Same<typeof zh> = {
  title: 'Pickup counter',
  hint: 'Ask for the pickup code on the shopper’s order; type it or scan it in.',
  placeholder: 'Pickup code',
  submit: 'Hand over',
  done: 'Done. Please hand the goods over.',
  next: 'Next shopper',
  openOrder: 'See the order',
  recent: 'Handed over here',
  recentEmpty: 'Orders handed over at this computer today show here',
  clear: 'Clear',
}
