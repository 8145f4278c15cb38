// What the phone itself can do: the clock in the status bar, the clipboard.

import { clock } from "./text.js";

/** Keeps the clock of the status bar right. */
export function runClock(node) {
  const tick = () => {
    node.textContent = clock(new Date());
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
