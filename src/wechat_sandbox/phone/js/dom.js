// The smallest way to build DOM: h("button", { class: "x", testid: "y", onclick: f }, "text", child, [more]).

const SVG = "http://www.w3.org/2000/svg";

/** Creates an element. `testid` becomes data-testid, `on*` become listeners, null and false children are left out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "testid") node.dataset.testid = value;
    else if (name === "style" && typeof value === "object") Object.assign(node.style, value);
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, value);
  }
  if (tag === "button" && !node.hasAttribute("type")) node.type = "button";
  node.append(...flat(children));
  return node;
}

/** Replaces all children of a node. */
export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

/** Takes an element that is on its way out from the reach of keyboard, reader and tests. */
export function retire(node) {
  node.inert = true;
  for (const marked of node.querySelectorAll("[data-testid]")) delete marked.dataset.testid;
}

/** An SVG element from its inner markup, which is always ours, never a page's or a person's text. */
export function svg(viewBox, inner, cls = "") {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("viewBox", viewBox);
  node.setAttribute("aria-hidden", "true");
  if (cls) node.setAttribute("class", cls);
  node.innerHTML = inner;
  return node;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child != null && child !== false && child !== "");
}
