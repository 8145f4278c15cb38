// The list: kept sorted, newest first, patched as lines arrive.

import { el } from './dom.js';
import { clock } from './format.js';
import { t } from './text.js';

const MAX_ROWS = 1000;
const ARROWS = { api: '→', notification: '←', push: '⇠', handshake: '⇄', other: '·' };

export const state = {
  rows: new Map(), chosen: 0, paused: false, waiting: [],
  filter: { text: '', who: '', kind: '', status: '' }, found: null,
};

export function take(lines) {
  if (state.paused) {
    state.waiting.push(...lines);
    return;
  }
  for (const line of lines) state.rows.set(line.id, line);
  if (state.rows.size > MAX_ROWS * 1.2) {
    const ids = [...state.rows.keys()].sort((a, b) => b - a).slice(MAX_ROWS);
    ids.forEach((id) => state.rows.delete(id));
  }
}

export function fits(line) {
  const { text, who, kind, status } = state.filter;
  if (who && line.mchid !== who && line.appid !== who) return false;
  if (kind && line.kind !== kind) return false;
  if (status === 'failed' && !(line.status >= 400 || line.error)) return false;
  if (status === 'signature' && line.signature !== 'invalid' && line.signature !== 'absent') return false;
  if (/^\dxx$/.test(status) && String(line.status)[0] !== status[0]) return false;
  if (!text) return true;
  const glance = [line.target, line.note, line.mchid, line.appid, line.fault, line.method, line.status].join(' ').toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => glance.includes(word)) || Boolean(state.found?.has(line.id));
}

export const shown = () => [...state.rows.values()].filter(fits).sort((a, b) => b.id - a.id).slice(0, MAX_ROWS);

export function statusNode(line) {
  if (!line.status) {
    return el('span', { class: `status ${line.error ? 's0' : 'wait'}`, title: line.error || t('waiting') }, line.error ? '✕' : '…');
  }
  return el('span', { class: `status s${String(line.status)[0]}` }, String(line.status));
}

export function tags(line) {
  const bad = line.signature === 'invalid' || line.signature === 'absent';
  return [
    line.fault && el('span', { class: 'tag warn', title: line.fault }, `⚡ ${line.fault.split(' ')[0]}`),
    bad && el('span', { class: 'tag bad' }, t(line.signature)),
    line.note && line.note !== 'SIGN_ERROR' && el('span', { class: `tag ${line.direction === 'in' ? (line.status >= 400 ? 'bad' : 'warn') : 'good'}`, title: line.note }, line.note),
    (line.mchid || line.appid) && el('span', { class: 'tag info', title: line.mchid || line.appid }, line.mchid || line.appid),
  ];
}

function place(line) {
  if (line.direction === 'in') return [line.target];
  const url = new URL(line.target);
  return [el('i', {}, url.host), url.pathname + url.search];
}

function rowNode(line, choose) {
  const failed = line.status >= 400 || line.error;
  return el('div', {
    class: `row${line.id === state.chosen ? ' chosen' : ''}${failed ? ' bad' : ''}`, role: 'option', testid: 'row', title: line.target,
    'data-id': line.id, 'aria-selected': line.id === state.chosen ? 'true' : 'false', onclick: () => choose(line.id),
  },
  el('time', {}, clock(line.at)),
  el('span', { class: `way ${line.kind}`, title: t(line.kind) }, ARROWS[line.kind]),
  el('span', { class: 'method' }, line.method),
  el('span', { class: 'path' }, place(line)),
  el('span', { class: 'tags' }, tags(line)),
  statusNode(line),
  el('span', { class: 'ms' }, line.status ? `${line.milliseconds < 10 ? line.milliseconds.toFixed(1) : Math.round(line.milliseconds)} ms` : ''));
}

const drawn = new Map();

// Most lines are as they were: their nodes stay.
function kept(line, choose) {
  const known = drawn.get(line.id);
  const chosen = line.id === state.chosen;
  const language = document.documentElement.lang;
  if (known && known.line === line && known.chosen === chosen && known.language === language) return known.node;
  const node = rowNode(line, choose);
  drawn.set(line.id, { line, chosen, language, node });
  return node;
}

export function drawList(choose) {
  const list = document.getElementById('list');
  const lines = shown();
  const top = list.scrollTop;
  list.replaceChildren(...lines.map((line) => kept(line, choose)));
  if (!lines.length) {
    list.append(el('div', { class: 'empty' }, el('b', {}, t(state.rows.size ? 'noMatch' : 'none')),
      state.rows.size ? '' : t('noneHow'), el('br'), state.rows.size ? '' : el('code', {}, location.origin)));
  }
  list.scrollTop = top;
  for (const id of drawn.keys()) if (!state.rows.has(id)) drawn.delete(id);
}
