// What the phone itself can do: the clock in the status bar, the clipboard.

import { api } from "./api.js";
import { clock, now, setAhead } from "./text.js";

/** Keeps the clock of the status bar right: it is the sandbox's, which somebody may move. */
export function runClock(node) {
  const tick = async () => {
    node.textContent = clock(now());
    const moved = await api.clock().catch(() => null);
    if (!moved) return;
    setAhead(moved.offset_seconds);
    node.textContent = clock(now());
  };
  tick();
  setInterval(tick, 10_000);
}

/** Copies text; false when the browser refuses. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
