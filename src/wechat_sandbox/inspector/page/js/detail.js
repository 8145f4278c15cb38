// One exchange with its tabs.

import { copy, el } from './dom.js';
import { canonical, clock, code, pretty } from './format.js';
import { statusNode, tags } from './list.js';
import { said, t } from './text.js';

export const TABS = ['overview', 'request', 'answer', 'signature', 'plain', 'curl'];
let raw = false;

const table = (rows) => el('table', {}, el('tbody', {}, rows.filter(([, value]) => value !== '' && value !== null && value !== undefined)
  .map(([name, value]) => el('tr', {}, el('th', {}, name), el('td', {}, value)))));
const hint = (text, kind = '', mark = '') => el('div', { class: `hint ${kind}`, testid: 'hint' }, text, mark && el('code', {}, mark));

function bodyPart(body, redraw) {
  if (!body.size) return [el('h3', {}, t('body')), el('pre', {}, t('noBody'))];
  const text = body.text ?? body.base64;
  return [
    el('h3', {}, `${t('body')} · ${body.size} ${t('bytes')}${body.cut ? ` · ${t('cut')}` : ''}${body.base64 ? ' · base64' : ''}`,
      el('button', { onclick: () => { raw = !raw; redraw(); } }, t(raw ? 'pretty' : 'raw')),
      el('button', { onclick: () => copy(text, t('copied')) }, t('copy'))),
    raw ? el('pre', {}, text) : code(pretty(text)),
  ];
}

function verdictHints(row) {
  const { verdict, proof } = row;
  return [
    ...verdict.hints.map((one) => hint(said(one), '', one.code)),
    ...row.advice.map((one) => hint(said(one), 'note')),
    verdict.state === 'valid' && hint(t('valid'), 'good'),
    proof?.probe && hint(t('probe'), 'note'),
    proof && proof.holds === false && !proof.probe && hint(t('fails'), 'note'),
  ];
}

const PANES = {
  overview: (row, redraw) => [
    ...verdictHints(row),
    table([
      [t('target'), row.target], [t('at'), `${clock(row.at)} · ${row.at}`], [t('took'), `${row.milliseconds} ms`],
      [t('status'), row.status ? String(row.status) : row.error || t('waiting')], [t('merchant'), row.mchid], [t('app'), row.appid],
      [t('fault'), row.fault], [t('error'), row.error],
    ]),
    row.attempts && el('h3', {}, `${t('attempts')} · ${row.attempts.reference} · ${row.attempts.state}`),
    row.attempts && table(row.attempts.attempts.map((one) => [clock(one.at), `${one.status || '✕'} ${one.error}`])),
    ...(row.plaintext?.json ? [el('h3', {}, t('plain')), code(JSON.stringify(row.plaintext.json, null, 2))] : bodyPart(row.request.body, redraw)),
    ...(row.answer.body.size ? [el('h3', {}, t('answer')), ...bodyPart(row.answer.body, redraw).slice(1)] : []),
  ],
  request: (row, redraw) => [el('h3', {}, t('headers')), table(Object.entries(row.request.headers)), ...bodyPart(row.request.body, redraw)],
  answer: (row, redraw) => [el('h3', {}, t('headers')), table(Object.entries(row.answer.headers)), ...bodyPart(row.answer.body, redraw)],
  signature: (row) => {
    const { verdict, proof } = row;
    const parts = [...verdictHints(row)];
    if (verdict.state === 'none' && !proof) parts.push(el('p', {}, t('noSignature')));
    if (verdict.signed) {
      parts.push(el('div', { class: 'sides' },
        el('div', {}, el('h3', {}, t('expected')), canonical(verdict.expected, verdict.signed)),
        el('div', {}, el('h3', {}, t('signed')), canonical(verdict.signed, verdict.expected))));
    } else if (verdict.expected) {
      parts.push(el('h3', {}, t('expected')), canonical(verdict.expected));
    }
    if (Object.keys(verdict.items).length) {
      parts.push(el('h3', {}, t('authItems')), table([...Object.entries(verdict.items), [t('signedBy'), verdict.signed_by],
        ['SHA256', verdict.expected_digest], [`SHA256 (${t('signed')})`, verdict.signed_digest]]));
    }
    if (proof) {
      parts.push(el('h3', {}, t('platformSigned')), proof.holds && hint(t('holds'), 'good', proof.mode), canonical(proof.canonical),
        table([['Wechatpay-Serial', proof.serial], ['Wechatpay-Signature', proof.signature]]));
    }
    return parts;
  },
  plain: (row) => {
    const { plaintext } = row;
    if (!plaintext) return [el('p', {}, t('noPlain'))];
    const text = plaintext.json ? JSON.stringify(plaintext.json, null, 2) : pretty(plaintext.text);
    return [
      el('h3', {}, plaintext.with ? t('decrypted', plaintext.with) : t('clearText'), plaintext.aad && el('span', { class: 'tag' }, `aad ${plaintext.aad}`),
        el('button', { onclick: () => copy(text, t('copied')) }, t('copy'))),
      code(text),
    ];
  },
  curl: (row) => [
    el('h3', {}, 'sh', el('button', { testid: 'copy', onclick: () => copy(row.curl, t('copied')) }, t('copyCurl'))),
    el('pre', {}, row.curl),
  ],
};

export function drawDetail(row, tab, on) {
  const place = document.getElementById('detail');
  if (!row) {
    place.replaceChildren(el('div', { class: 'nothing' }, t('choose'), el('br'), el('kbd', {}, 'j'), ' ', el('kbd', {}, 'k'), ' ', el('kbd', {}, '/'), ' ', el('kbd', {}, '?')));
    return;
  }
  const redraw = () => drawDetail(row, tab, on);
  const wrong = row.verdict.hints.length > 0;
  const top = place.querySelector('.pane')?.scrollTop ?? 0;
  const same = place.dataset.id === `${row.id}:${tab}`;
  place.dataset.id = `${row.id}:${tab}`;
  place.replaceChildren(
    el('div', { class: 'head' },
      el('div', { class: 'line' },
        el('button', { class: 'back', testid: 'back', onclick: on.back }, '‹ ', t('back')),
        statusNode(row), el('span', { class: 'what', title: row.target }, `${row.method} ${row.target}`),
        el('button', { testid: 'copy-curl', onclick: () => copy(row.curl, t('copied')) }, t('copyCurl')),
        el('button', { testid: 'replay', onclick: on.replay }, t(row.direction === 'in' ? 'replay' : 'redeliver'))),
      el('div', { class: 'facts' }, el('span', { class: 'tag' }, `#${row.id}`), tags(row)),
      el('div', { class: 'tabs', role: 'tablist' }, TABS.map((name) => el('button', {
        class: name === tab ? 'on' : '', role: 'tab', testid: `tab-${name}`, 'aria-selected': name === tab ? 'true' : 'false', onclick: () => on.tab(name),
      }, t(name), name === 'signature' && wrong && el('i', { class: 'dot' }))))),
    el('div', { class: 'pane' }, PANES[tab](row, redraw)),
  );
  if (same) place.querySelector('.pane').scrollTop = top;
}
