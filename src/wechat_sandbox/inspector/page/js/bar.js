// The bar: filters, pause, clear, faults, language; and the dialogs that it opens.

import * as api from './api.js';
import { el } from './dom.js';
import { state } from './list.js';
import { t } from './text.js';

export function drawBar(on) {
  const bar = document.getElementById('bar');
  bar.classList.toggle('paused', state.paused);
  const who = [...new Set([...state.rows.values()].flatMap((line) => [line.mchid, line.appid]).filter(Boolean))].sort();
  if (bar.contains(document.activeElement) && document.activeElement.tagName !== 'BUTTON' && bar.childElementCount) return;
  const pick = (name, label, options) => el('select', {
    testid: `filter-${name === 'who' ? 'mchid' : name}`, 'aria-label': label, onchange: (event) => on.filter(name, event.target.value),
  }, el('option', { value: '' }, label), options.map(([value, text]) => el('option', { value, selected: state.filter[name] === value }, text)));
  bar.replaceChildren(
    el('h1', {}, t('brand')),
    el('input', {
      class: 'find', id: 'find', testid: 'filter-text', type: 'search', placeholder: t('find'), value: state.filter.text,
      oninput: (event) => on.filter('text', event.target.value),
    }),
    pick('who', t('anyone'), who.map((one) => [one, one])),
    pick('kind', t('anyKind'), ['api', 'notification', 'push', 'handshake'].map((kind) => [kind, t(kind)])),
    pick('status', t('anyStatus'), [['failed', t('failed')], ['signature', t('badSignature')], ['2xx', '2xx'], ['3xx', '3xx'], ['4xx', '4xx'], ['5xx', '5xx']]),
    el('span', { class: 'gap' }),
    el('button', { testid: 'pause', class: state.paused ? 'on' : '', onclick: on.pause }, t(state.paused ? 'resume' : 'pause')),
    el('button', { testid: 'clear', onclick: on.clear }, t('clear')),
    el('button', { testid: 'faults', class: state.faults ? 'faulty' : '', onclick: () => showFaults(on) }, state.faults ? `⚡ ${state.faults}` : t('faults')),
    el('button', { onclick: showHelp, testid: 'help', title: t('help') }, '?'),
    el('button', { testid: 'language', onclick: on.language }, t('language')),
    el('a', { href: '/phone/' }, t('phone')),
  );
}

function open(...children) {
  const dialog = document.getElementById('dialog');
  dialog.replaceChildren(...children);
  if (!dialog.open) dialog.showModal();
}
const close = () => document.getElementById('dialog').close();

export function showHelp() {
  const keys = [['j k ↑ ↓', 'kMove'], ['/', 'kFilter'], ['1–6', 'kTabs'], ['r', 'kReplay'], ['c', 'kCopy'], ['p', 'kPause'], ['g', 'kNewest'], ['Esc', 'kEsc']];
  open(el('h2', {}, t('help')),
    el('dl', {}, keys.flatMap(([key, word]) => [el('dt', {}, key.split(' ').map((one) => el('kbd', {}, one))), el('dd', {}, t(word))])),
    el('div', { class: 'buttons' }, el('button', { onclick: close }, t('close'))));
}

async function showFaults(on) {
  const { items } = await api.faults();
  on.faults(items.length);
  const again = (act) => async () => { await act(); await showFaults(on); };
  open(el('h2', {}, t('faults')),
    items.length
      ? el('div', { class: 'scroll' }, el('table', {}, el('tbody', {}, items.map((rule) => el('tr', {},
        el('td', {}, rule.fault_id), el('td', {}, `${rule.kind}:${rule.fault}`), el('td', {}, `${Math.round((rule.probability ?? 1) * 1000) / 10} %`),
        el('td', {}, `${t('matched')} ${rule.matched}`), el('td', {}, `${t('fired')} ${rule.fired}`))))))
      : el('p', {}, t('noFaults')),
    el('div', { class: 'buttons' },
      el('button', { onclick: again(api.badDay) }, `⚡ ${t('badDay')}`),
      el('button', { onclick: again(api.endFaults) }, t('endFaults')),
      el('button', { onclick: close }, t('close'))));
}
