// Bodies made readable: JSON coloured, canonical strings with their newlines shown, differences marked.

import { el } from './dom.js';

export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text.startsWith('<') ? text.replace(/></g, '>\n<') : text;
  }
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

export function code(text) {
  const pre = el('pre');
  const start = text.trimStart()[0];
  if (start !== '{' && start !== '[') {
    pre.textContent = text;
    return pre;
  }
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    pre.append(text.slice(at, match.index));
    const [whole, string, colon, number] = match;
    const kind = string ? (colon ? 'j-k' : 'j-s') : number ? 'j-n' : 'j-l';
    pre.append(el('span', { class: kind }, string ?? whole));
    if (colon) pre.append(colon);
    at = match.index + whole.length;
  }
  pre.append(text.slice(at));
  return pre;
}

// A canonical string: newlines visible; where `other` is given, what differs from it is marked.
export function canonical(text, other) {
  const pre = el('pre');
  const lines = text.split('\n');
  const others = other === undefined ? null : other.split('\n');
  lines.forEach((line, index) => {
    const theirs = others?.[index];
    if (others && theirs !== line) pre.append(...marked(line, theirs ?? ''));
    else pre.append(line);
    if (index < lines.length - 1) pre.append(el('span', { class: 'lf' }, '↵'), '\n');
  });
  return pre;
}

// Words, blanks and signs of `line` that `other` does not have in this order (longest common subsequence).
function marked(line, other) {
  const ours = line.match(/\s+|\w+|[^\s\w]/gu) ?? [];
  const theirs = other.match(/\s+|\w+|[^\s\w]/gu) ?? [];
  if (!ours.length) return [el('mark', {}, '∅')];
  if (ours.length * theirs.length > 4e6) return [el('mark', {}, line)];
  const width = theirs.length + 1;
  const best = new Uint16Array((ours.length + 1) * width);
  for (let i = ours.length - 1; i >= 0; i -= 1) {
    for (let j = theirs.length - 1; j >= 0; j -= 1) {
      best[i * width + j] = ours[i] === theirs[j]
        ? best[(i + 1) * width + j + 1] + 1 : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    }
  }
  const parts = [];
  let [i, j] = [0, 0];
  while (i < ours.length) {
    if (j < theirs.length && ours[i] === theirs[j]) {
      parts.push(ours[i]);
      i += 1;
      j += 1;
    } else if (j < theirs.length && best[i * width + j + 1] > best[(i + 1) * width + j]) {
      j += 1;
    } else {
      parts.push(el('mark', {}, ours[i]));
      i += 1;
    }
  }
  return parts;
}

export function clock(at) {
  const date = new Date(at);
  const two = (number) => String(number).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
