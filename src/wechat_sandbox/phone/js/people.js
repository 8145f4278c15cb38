// Faces in a row on the desk: some of them at first, all on demand.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./text.js";

const AT_FIRST = 8;

/** Draws `people` by `draw`; the rest comes when the last button is tapped. */
export function faces(people, draw, testid) {
  const box = h("div", { class: "desk-people" });
  const all = () => {
    fill(box, people.map(draw));
    box.children[AT_FIRST - 1].focus();
  };
  fill(box, people.length <= AT_FIRST ? people.map(draw) : [
    people.slice(0, AT_FIRST - 1).map(draw),
    h("button", { class: "desk-person", testid, onclick: all }, h("span", { class: "face more" }, icon("more")), h("span", null, t(`全部 ${people.length}`, `All ${people.length}`))),
  ]);
  return box;
}
