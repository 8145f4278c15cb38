// The bar: filters, pause, clear, faults, the clock, language.

import { showClock, span } from './clock.js';
import { close, el, open } from './dom.js';
import { showFaults } from './faults.js';
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
    el('button', { testid: 'clock', class: state.moved ? 'moved' : '', onclick: () => showClock(on) }, state.moved ? `+ ${span(state.moved)}` : t('clock')),
    el('button', { onclick: showHelp, testid: 'help', title: t('help') }, '?'),
    el('button', { testid: 'language', onclick: on.language }, t('language')),
    el('a', { href: '/phone/' }, t('phone')),
  );
}

export function showHelp() {
  const keys = [['j k ↑ ↓', 'kMove'], ['/', 'kFilter'], ['1–6', 'kTabs'], ['r', 'kReplay'], ['c', 'kCopy'], ['p', 'kPause'], ['g', 'kNewest'], ['Esc', 'kEsc']];
  open(el('h2', {}, t('help')),
    el('dl', {}, keys.flatMap(([key, word]) => [el('dt', {}, key.split(' ').map((one) => el('kbd', {}, one))), el('dd', {}, t(word))])),
    el('div', { class: 'buttons' }, el('button', { onclick: close }, t('close'))));
}
