// The sandbox's clock: retries, expiries and the bills of a day come due when it is moved forward.

import * as api from './api.js';
import { close, el, open, toast } from './dom.js';
import { t } from './text.js';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const STEPS = [[MINUTE, 'min1'], [10 * MINUTE, 'min10'], [HOUR, 'hour1'], [DAY, 'day1'], [30 * DAY, 'day30']];

// A span of seconds in its two largest units.
export function span(seconds) {
  const parts = [[DAY, 'd'], [HOUR, 'h'], [MINUTE, 'min']];
  let left = Math.round(seconds);
  const words = [];
  for (const [unit, word] of parts) {
    const count = Math.floor(left / unit);
    left -= count * unit;
    if (count) words.push(`${count}${t(word)}`);
  }
  return words.slice(0, 2).join(' ') || `${left}${t('s')}`;
}

// The time in China: bills and days follow it.
const inChina = new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });

// Tomorrow at 10:30 in China, when the bills of today can be had.
function billsReady(now) {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date(now.getTime() + DAY * 1000));
  return `${day}T10:30:00+08:00`;
}

export async function showClock(on) {
  const { now, offset_seconds } = await api.clock();
  on.clock(offset_seconds);
  const move = (how) => async () => {
    try {
      await api.moveClock(how);
    } catch (error) {
      toast(error.message);
    }
    await showClock(on);
  };
  const at = new Date(now);
  const field = el('input', { testid: 'clock-to', type: 'datetime-local', 'aria-label': t('clockTo') });
  open(el('h2', {}, t('clock')),
    el('p', { class: 'clock-now', testid: 'clock-now' }, inChina.format(at), el('small', {}, ` ${t('chinaTime')}${offset_seconds ? ` · + ${span(offset_seconds)}` : ''}`)),
    el('p', { class: 'does' }, t('clockDoes')),
    el('div', { class: 'buttons' },
      STEPS.map(([seconds, word]) => el('button', { testid: `clock-${word}`, onclick: move({ advance_seconds: seconds }) }, `+ ${t(word)}`)),
      el('button', { testid: 'clock-bills', onclick: move({ to: billsReady(at) }) }, t('clockBills'))),
    el('form', { class: 'clock-form', onsubmit: (event) => { event.preventDefault(); if (field.value) move({ to: `${field.value}:00+08:00` })(); } },
      field, el('button', { testid: 'clock-set' }, t('clockSet'))),
    el('div', { class: 'buttons' }, el('button', { testid: 'close', onclick: close }, t('close'))));
}
