// The inspector: list and detail, live, by mouse or keyboard.

import * as api from './api.js';
import { drawBar, showHelp } from './bar.js';
import { drawDetail, TABS } from './detail.js';
import { copy, toast } from './dom.js';
import { drawList, shown, state, take } from './list.js';
import { isChinese, switchLanguage, t } from './text.js';

let row = null;
let tab = 'overview';
let drawing = false;
let looking;

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawBar(acts);
    drawList(choose);
    drawDetail(row, tab, acts);
  });
}

async function choose(id) {
  state.chosen = id;
  history.replaceState(null, '', `#${id}`);
  document.body.classList.add('open');
  try {
    const found = await api.exchange(id);
    if (state.chosen === id) row = found;
  } catch (error) {
    toast(error.message);
  }
  draw();
  document.querySelector(`.row[data-id="${id}"]`)?.scrollIntoView({ block: 'nearest' });
}

function step(by) {
  const lines = shown();
  const at = lines.findIndex((line) => line.id === state.chosen);
  const next = lines[at < 0 ? 0 : Math.max(0, Math.min(lines.length - 1, at + by))];
  if (next) choose(next.id);
}

const acts = {
  tab(name) { tab = name; draw(); },
  back() {
    state.chosen = 0;
    row = null;
    history.replaceState(null, '', location.pathname + location.search);
    document.body.classList.remove('open');
    draw();
  },
  async replay() {
    if (!row) return;
    try {
      const done = await api.replay(row.id);
      take([done]);
      toast(t('replayed'));
      await choose(done.id);
    } catch (error) {
      toast(error.message);
    }
  },
  filter(name, value) {
    state.filter[name] = value;
    clearTimeout(looking);
    if (name === 'text') {
      state.found = null;
      if (value) looking = setTimeout(() => look(value), 200);
    }
    drawList(choose);
  },
  pause() {
    state.paused = !state.paused;
    if (!state.paused) take(state.waiting.splice(0));
    draw();
  },
  async clear() {
    await api.forget();
    state.rows.clear();
    acts.back();
  },
  language() {
    switchLanguage();
    named();
    draw();
  },
  faults(count) { state.faults = count; draw(); },
  clock(seconds) { state.moved = seconds; draw(); },
};

async function look(text) {
  const { items } = await api.search(text);
  if (state.filter.text !== text) return;
  state.found = new Set(items.map((line) => line.id));
  take(items);
  drawList(choose);
}

function named() {
  document.documentElement.lang = isChinese() ? 'zh-CN' : 'en';
  document.title = t('title');
}

document.addEventListener('keydown', (event) => {
  const typing = /INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName);
  if (event.key === 'Escape') {
    if (document.getElementById('dialog').open) return;
    if (typing) {
      document.activeElement.value = '';
      document.activeElement.blur();
      acts.filter('text', '');
      draw();
    } else acts.back();
    return;
  }
  if (typing || event.metaKey || event.ctrlKey || event.altKey) return;
  const does = {
    j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1), g: () => step(-Infinity),
    r: acts.replay, p: acts.pause, '?': showHelp, '/': () => document.getElementById('find').focus(),
    c: () => row && copy(row.curl, t('copied')),
    // A tab can be chosen while its exchange is on its way.
  }[event.key] ?? (TABS[Number(event.key) - 1] && state.chosen && (() => acts.tab(TABS[Number(event.key) - 1])));
  if (does) {
    event.preventDefault();
    does();
  }
});

async function start() {
  named();
  draw();
  api.listen((lines) => {
    take(lines);
    if (row && !state.paused && lines.some((line) => line.id === row.id)) choose(row.id);
    draw();
  }, async (connected) => {
    document.getElementById('bar').classList.toggle('live', connected);
    if (!connected) return;
    const [{ items }, faults, clock] = await Promise.all([api.exchanges(), api.faults(), api.clock()]);
    take(items);
    state.faults = faults.items.length;
    state.moved = clock.offset_seconds;
    draw();
    const wanted = Number(location.hash.slice(1));
    if (wanted && !row) choose(wanted);
  });
}

start();
