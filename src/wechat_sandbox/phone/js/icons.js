// Our own icons, drawn on a 24 x 24 grid with one stroke width, so that they sit together.

import { svg } from "./dom.js";

const LINE = 'fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"';
const line = (d) => `<path ${LINE} d="${d}"/>`;
const solid = (d) => `<path fill="currentColor" d="${d}"/>`;

const ICONS = {
  chats: line("M12 4.2c-5 0-8.8 3.2-8.8 7.2 0 2.3 1.2 4.3 3.2 5.6l-.7 2.8 3.2-1.6c1 .3 2 .4 3.1.4 5 0 8.8-3.2 8.8-7.2S17 4.2 12 4.2Z"),
  chatsOn: solid("M12 3.6c-5.3 0-9.5 3.5-9.5 7.8 0 2.4 1.3 4.5 3.3 6l-.8 3.3 3.7-1.9c1 .3 2.1.4 3.3.4 5.3 0 9.5-3.5 9.5-7.8S17.3 3.6 12 3.6Z"),
  people: line("M9.5 11.5a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2ZM2.8 19.5c0-3.3 2.9-5 6.7-5s6.7 1.7 6.7 5ZM17 8h4.5M17 11.5h4.5M18.5 15h3"),
  peopleOn: solid("M9.5 12.2a4.2 4.2 0 1 0 0-8.4 4.2 4.2 0 0 0 0 8.4ZM2 20.3c0-4 3.3-6.4 7.5-6.4s7.5 2.4 7.5 6.4ZM16.4 7.2h5.8v1.7h-5.8ZM16.4 10.7h5.8v1.7h-5.8ZM18 14.2h4.2v1.7H18Z"),
  compass: line("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM15.8 8.2l-2 5.6-5.6 2 2-5.6Z"),
  compassOn: '<path fill="currentColor" fill-rule="evenodd" d="M12 21.8a9.8 9.8 0 1 0 0-19.6 9.8 9.8 0 0 0 0 19.6ZM16.6 7.4l-2.7 6.5-6.5 2.7 2.7-6.5Z"/>',
  me: line("M12 11.8a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 20.2c0-3.9 3.5-5.7 8-5.7s8 1.8 8 5.7Z"),
  meOn: solid("M12 12.6a4.6 4.6 0 1 0 0-9.2 4.6 4.6 0 0 0 0 9.2ZM3.3 21c0-4.6 3.9-6.9 8.7-6.9s8.7 2.3 8.7 6.9Z"),
  back: line("M15 4.5 7.5 12l7.5 7.5"),
  next: line("m9.5 5.5 6.5 6.5-6.5 6.5"),
  close: line("m5.5 5.5 13 13M18.5 5.5l-13 13"),
  more: '<g fill="currentColor"><circle cx="5" cy="12" r="1.7"/><circle cx="12" cy="12" r="1.7"/><circle cx="19" cy="12" r="1.7"/></g>',
  plus: line("M12 3.2a8.8 8.8 0 1 0 0 17.6 8.8 8.8 0 0 0 0-17.6ZM12 8v8M8 12h8"),
  scan: line("M3.5 8V5A1.5 1.5 0 0 1 5 3.5h3M16 3.5h3A1.5 1.5 0 0 1 20.5 5v3M20.5 16v3a1.5 1.5 0 0 1-1.5 1.5h-3M8 20.5H5A1.5 1.5 0 0 1 3.5 19v-3M3 12h18"),
  keyboard: line("M3 6.5h18v11H3ZM6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M8 14h8"),
  menu: line("M4.5 7h15M4.5 12h15M4.5 17h15"),
  wallet: line("M4 7h14.5A1.5 1.5 0 0 1 20 8.5v10a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5ZM4 7l11-3v3M15.5 13.5H20"),
  swap: line("M4 8.5h14l-3-3.5M20 15.5H6l3 3.5"),
  link: line("M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2"),
  reload: line("M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.8 3.5v4.2h-4.2"),
  copy: line("M8.5 8.5h11v11h-11ZM15.5 8.5v-4h-11v11h4"),
  share: line("M14 5l6.5 6-6.5 6v-3.8c-5 0-8.2 1.4-10.5 5C4 12.5 7.5 9 14 8.7Z"),
  tick: line("m5 12.5 4.7 4.7L19.5 7.3"),
  image: line("M4 5h16v14H4ZM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15.5 9.5h.01"),
  paste: line("M8 5H5.5v15.5h13V5H16M8.5 3.5h7v3.5h-7ZM9 12h6M9 15.5h4"),
  key: line("M8 15.8a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 11.8h9v3.5M17.5 11.8v2.7"),
  globe: line("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3 12h18M12 3c2.5 2.6 3.7 5.6 3.7 9s-1.2 6.4-3.7 9c-2.5-2.6-3.7-5.6-3.7-9s1.2-6.4 3.7-9Z"),
  tag: line("M4 4h7.5l8.5 8.5-7.5 7.5L4 11.5ZM8 8h.01"),
  mini: line("M12.8 15.5c0 1.7-1.4 3-3.1 3s-3.2-1.3-3.2-3c0-1.4.9-2.4 2.2-2.8M11.2 8.5c0-1.7 1.4-3 3.1-3s3.2 1.3 3.2 3c0 1.4-.9 2.4-2.2 2.8M11.2 8.5c0 2.3 1.6 4.7 1.6 7"),
  pin: line("M12 21c4.500-5 6.500-8.300 6.500-11a6.500 6.500 0 1 0-13 0c0 2.700 2 6 6.500 11ZM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Z"),
  bell: line("M6 17h12c-1.2-1.3-1.8-3-1.8-6a4.2 4.2 0 0 0-8.4 0c0 3-.6 4.7-1.8 6ZM10 20a2.2 2.2 0 0 0 4 0"),
  aperture: line("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 3l4 7M21 12h-8M16.5 19.800l-4.300-7M7.500 4.200l4 7.300M3 12h8M7.500 19.800l4-7"),
  heart: line("M12 19.500C5.500 15 3.500 12 3.500 9a4.300 4.300 0 0 1 8.500-1.200A4.300 4.300 0 0 1 20.500 9c0 3-2 6-8.500 10.500Z"),
  comment: line("M4 5h16v11.500h-9L7 20v-3.500H4ZM8 10.800h.01M12 10.800h.01M16 10.800h.01"),
  camera: line("M4 8h3.500L9 5.500h6L16.500 8H20v11H4ZM12 16.500a3.300 3.300 0 1 0 0-6.600 3.300 3.300 0 0 0 0 6.600Z"),
  barcode: line("M4 5.500v13M7 5.500v13M10.500 5.500v13M13 5.500v13M17 5.500v13M20 5.500v13"),
  packet: line("M5.500 3.500h13v17h-13ZM5.500 8c3.500 3.500 9.500 3.500 13 0M12 8.800v3.400"),
  bill: line("M6 3.500h12v17l-3-2-3 2-3-2-3 2ZM9 8.500h6M9 12h6"),
  moon: line("M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10Z"),
  target: '<g fill="none" stroke="currentColor" stroke-width="2"><circle cx="12" cy="12" r="8"/></g><circle cx="12" cy="12" r="3.2" fill="currentColor"/>',
  window: line("M4 5h16v14H4ZM4 9h16M14 13h3v3h-3Z"),
  addPerson: line("M10 11.500a3.600 3.600 0 1 0 0-7.200 3.600 3.600 0 0 0 0 7.200ZM3.300 19.500c0-3.300 2.900-5 6.700-5s6.700 1.700 6.700 5ZM19 8v6M16 11h6"),
  language: line("M4 6h9M8.5 4v2M11.5 6c-.8 3.8-3.5 6.8-7 8.5M6 9c1.2 2.4 3.4 4.3 6 5.3M12.5 20l4-9.5 4 9.5M14 17h5"),
};

/** An icon of 1em; the name must be in the table. */
export function icon(name, cls = "") {
  return svg("0 0 24 24", ICONS[name], `icon ${cls}`.trim());
}

/** The loading ring. */
export function spinner() {
  return svg("0 0 40 40", '<circle cx="20" cy="20" r="16" fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round" stroke-dasharray="72 40"/>', "spinner");
}
