// Faults: what is in force and how often it happened; one more, a whole bad day, or an end to them.

import * as api from './api.js';
import { close, el, open, toast } from './dom.js';
import { isChinese, t } from './text.js';
import { FAULTS } from './fault-words.js';

export async function showFaults(on) {
  const { items, available } = await api.faults();
  on.faults(items.length);
  const again = (act) => async () => {
    try {
      await act();
    } catch (error) {
      toast(error.message);
    }
    await showFaults(on);
  };
  open(el('h2', {}, t('faults')),
    items.length ? table(items, again) : el('p', {}, t('noFaults')),
    form(available, again),
    el('div', { class: 'buttons' },
      el('button', { testid: 'bad-day', onclick: again(() => api.addFault({ profile: 'bad_day', seed: 7 })) }, `⚡ ${t('badDay')}`),
      items.length > 0 && el('button', { testid: 'end-faults', onclick: again(api.endFaults) }, t('endFaults')),
      el('button', { testid: 'close', onclick: close }, t('close'))));
}

const named = (fault) => (isChinese() ? FAULTS[fault]?.[0] ?? fault : fault);
const percent = (probability) => `${Math.round((probability ?? 1) * 1000) / 10} %`;

function table(items, again) {
  return el('div', { class: 'scroll' }, el('table', {}, el('tbody', {}, items.map((rule) => el('tr', { testid: 'fault' },
    el('td', {}, rule.fault_id), el('td', {}, `${t(rule.kind)} · ${named(rule.fault)}`), el('td', {}, percent(rule.probability)),
    el('td', { class: 'wide' }, `${t('matched')} ${rule.matched}`), el('td', {}, `${t('fired')} ${rule.fired}`),
    el('td', {}, el('button', { testid: 'end-fault', 'aria-label': t('endFault'), title: t('endFault'), onclick: again(() => api.endFault(rule.fault_id)) }, '×')))))));
}

// One more fault: which, how often, of which calls or events.
function form(available, again) {
  const what = el('select', { testid: 'fault-kind', 'aria-label': t('whichFault') }, Object.entries(available).map(([kind, faults]) => el('optgroup', { label: t(kind) },
    Object.keys(faults).map((fault) => el('option', { value: `${kind}:${fault}` }, isChinese() ? `${named(fault)} ${fault}` : fault)))));
  const does = el('small', { class: 'does' });
  const share = el('input', { testid: 'fault-percent', type: 'number', min: '0', max: '100', step: 'any', value: '100', 'aria-label': t('howOften') });
  const which = el('input', { testid: 'fault-match', type: 'text', maxLength: 200 });
  const explain = () => {
    const [kind, fault] = what.value.split(':');
    does.textContent = isChinese() ? FAULTS[fault]?.[1] ?? '' : available[kind][fault].does;
    which.placeholder = kind === 'api' ? '/v3/refund/*' : kind === 'push' ? 'subscribe' : 'TRANSACTION.*';
    which.setAttribute('aria-label', t(kind === 'api' ? 'whichPath' : 'whichEvent'));
  };
  what.addEventListener('change', explain);
  explain();
  const add = () => {
    const [kind, fault] = what.value.split(':');
    const match = which.value.trim();
    return api.addFault({ kind, fault, probability: Number(share.value) / 100, ...(match ? { [kind === 'api' ? 'path' : 'event']: match } : {}) });
  };
  return el('form', { class: 'fault-form', onsubmit: (event) => { event.preventDefault(); again(add)(); } },
    what, el('span', { class: 'percent' }, share, '%'), which, el('button', { testid: 'add-fault' }, t('addFault')), does);
}
