// Making nodes; texts are never parsed as HTML.

export function el(name, props = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') node.className = value;
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'testid') node.dataset.testid = value;
    else if (key in node && key !== 'list') node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

let timer;
export function toast(text) {
  const place = document.getElementById('toast');
  place.textContent = text;
  place.hidePopover();
  place.showPopover(); // over a dialog, too
  clearTimeout(timer);
  timer = setTimeout(() => { place.hidePopover(); }, 1800);
}

export async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = el('textarea', { value: text });
    document.body.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
  toast(said);
}

export function open(...children) {
  const dialog = document.getElementById('dialog');
  dialog.replaceChildren(...children);
  if (!dialog.open) dialog.showModal();
}
export const close = () => document.getElementById('dialog').close();
