// Code 128, set C: two digits to a symbol, as payment codes are printed.

import { svg } from "./dom.js";

// Widths of bars and spaces of symbols 0-105, then stop (ISO/IEC 15417, table 1).
const WIDTHS = (
  "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221223211221132" +
  "221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321112313132113132311211313" +
  "231113231311112133112331132131113123113321133121313121211331231131213113213311213131311123311321331121312113312311332111" +
  "314111221411431111111224111422121124121421141122141221112214112412122114122411142112142211241211221114413111241112134111" +
  "111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141114113114311411113411311113141" +
  "114131311141411131211412211214211232"
).match(/.{6}/g);
const STOP = "2331112";
const START_C = 105;

/** The bars of an even number of digits as an SVG. */
export function barcode(digits) {
  const values = (digits.match(/\d\d/g) ?? []).map(Number);
  const check = values.reduce((sum, value, at) => sum + value * (at + 1), START_C) % 103;
  const widths = [START_C, ...values, check].map((value) => WIDTHS[value]).join("") + STOP;
  let x = 0;
  let path = "";
  [...widths].forEach((width, at) => {
    if (at % 2 === 0) path += `M${x} 0h${width}v1h-${width}Z`;
    x += Number(width);
  });
  const node = svg(`0 0 ${x} 1`, `<path fill="#000" d="${path}"/>`, "barcode");
  node.setAttribute("preserveAspectRatio", "none");
  return node;
}
