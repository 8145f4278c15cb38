/** Line icons of our own, 24 x 24, drawn with a round pen; no font and no network. */
const PATHS = {
  home: '<path d="M4 10.6 12 4l8 6.6V19a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19Z"/><path d="M9.5 20.5V14h5v6.5"/>',
  grid: '<rect x="4" y="4" width="6.8" height="6.8" rx="1.8"/><rect x="13.2" y="4" width="6.8" height="6.8" rx="1.8"/><rect x="4" y="13.2" width="6.8" height="6.8" rx="1.8"/><rect x="13.2" y="13.2" width="6.8" height="6.8" rx="1.8"/>',
  bag: '<path d="M5.6 8h12.8l1 11a1.5 1.5 0 0 1-1.5 1.6H6.1A1.5 1.5 0 0 1 4.6 19Z"/><path d="M8.8 10.5V7.2a3.2 3.2 0 0 1 6.4 0v3.3"/>',
  user: '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6Z"/>',
  search: '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.2 4.2"/>',
  right: '<path d="m9.5 5.5 6.5 6.5-6.5 6.5"/>',
  down: '<path d="m5.5 9 6.5 6.500L18.5 9"/>',
  left: '<path d="m14.5 5.5-6.5 6.5 6.5 6.5"/>',
  close: '<path d="m6 6 12 12M18 6 6 18"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  minus: '<path d="M5 12h14"/>',
  check: '<path d="m5 12.5 4.6 4.500L19 7.5"/>',
  pin: '<path d="M12 21s-6.8-5.9-6.8-11a6.8 6.8 0 0 1 13.6 0c0 5.1-6.8 11-6.8 11Z"/><circle cx="12" cy="10" r="2.5"/>',
  phone: '<path d="M6.2 4h2.600l1.7 4.2-2 1.500a12 12 0 0 0 5.8 5.800l1.5-2 4.2 1.700v2.600A2.2 2.2 0 0 1 17.8 20 14 14 0 0 1 4 6.2 2.2 2.2 0 0 1 6.2 4Z"/>',
  clock: '<circle cx="12" cy="12" r="8"/><path d="M12 7.500V12l3 2"/>',
  share: '<path d="M12 15V4.500M8 8l4-4 4 4"/><path d="M5 13v5.500A1.5 1.5 0 0 0 6.5 20h11a1.5 1.5 0 0 0 1.5-1.500V13"/>',
  truck: '<path d="M3 6.500h11v10H3ZM14 10h3.800l3.2 3.200v3.300h-7"/><circle cx="7.5" cy="17.5" r="1.9"/><circle cx="17" cy="17.5" r="1.9"/>',
  store: '<path d="M5 10.500V20h14v-9.5"/><path d="M3.5 9 5.2 4h13.600l1.7 5a2.6 2.6 0 0 1-4.3 1.5 2.7 2.7 0 0 1-4.2 0 2.7 2.7 0 0 1-4.2 0A2.6 2.6 0 0 1 3.5 9Z"/><path d="M10 20v-5h4v5"/>',
  wallet: '<rect x="3.5" y="6" width="17" height="13" rx="2.2"/><path d="M3.5 10h17M15 14.700h2.5"/>',
  box: '<path d="m12 3.5 7.5 4v9l-7.5 4-7.5-4v-9Z"/><path d="m4.7 7.6 7.3 4 7.3-4M12 11.600v8.6"/>',
  receipt: '<path d="M6 3.500h12v17l-2.4-1.6-1.8 1.6-1.8-1.6-1.8 1.6-1.8-1.600L6 20.500Z"/><path d="M9 8.500h6M9 12.500h6"/>',
  edit: '<path d="M5 19h3.500L19 8.5 15.5 5 5 15.500Z"/><path d="m13 7.5 3.5 3.5"/>',
  trash: '<path d="M4.5 7h15M9.5 7V4.500h5V7M6.5 7l.8 13h9.400l.8-13"/>',
  globe: '<circle cx="12" cy="12" r="8"/><path d="M4 12h16M12 4c5 5 5 11 0 16-5-5-5-11 0-16Z"/>',
  refresh: '<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4"/><path d="M19.5 3.500v4h-4"/>',
  alert: '<path d="M12 4 3.5 19.500h17Z"/><path d="M12 10v4.500M12 17v.2"/>',
  offline: '<path d="M4 9.500a12 12 0 0 1 16 0M7.2 13a7.5 7.5 0 0 1 9.6 0"/><path d="M12 17.500v.2M4 4l16 16"/>',
  copy: '<rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2"/><path d="M15.5 8.500V5.800A1.8 1.8 0 0 0 13.7 4H5.800A1.8 1.8 0 0 0 4 5.800v7.900a1.8 1.8 0 0 0 1.8 1.800h2.7"/>',
  star: '<path d="m12 3.8 2.5 5.3 5.7.8-4.1 4.1 1 5.8-5.1-2.8-5.1 2.8 1-5.800L3.8 9.900l5.7-.8Z"/>',
  card: '<rect x="3.5" y="5.5" width="17" height="13" rx="2.2"/><path d="M3.5 9.500h17M7 14.500h4"/>',
  wechat: '<path d="M9.5 4.500c3.7 0 6.5 2.3 6.5 5.300s-2.8 5.3-6.5 5.300c-.8 0-1.5-.1-2.2-.3L4.8 16l.6-2.300C4 12.7 3 11.3 3 9.800c0-3 2.8-5.3 6.5-5.300Z"/><path d="M16.3 10.300c2.7.3 4.7 2.1 4.7 4.4 0 1.2-.6 2.3-1.7 3.100l.4 1.7-1.9-.9c-3.3.8-6.3-.8-6.8-3.3"/>',
  image: '<rect x="4" y="5" width="16" height="14" rx="2"/><circle cx="9" cy="10" r="1.5"/><path d="m5 17 4.5-4.5 3 3 3-3.5 3.5 4"/>',
  qr: '<rect x="4" y="4" width="6" height="6" rx="1"/><rect x="14" y="4" width="6" height="6" rx="1"/><rect x="4" y="14" width="6" height="6" rx="1"/><path d="M14 14h2.500v2.500H14ZM20 14v3M20 20h-3M14 20v-.5"/>',
} as const

export type IconName = keyof typeof PATHS

/** The icon as a data address, in one colour; `filled` paints its inside as well, lightly. */
export function iconUrl(name: IconName, colour: string, filled = false): string {
  const fill = filled ? `fill="${colour}" fill-opacity=".16"` : 'fill="none"'
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" ${fill} stroke="${colour}" ` +
    `stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">${PATHS[name]}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}

const masks: Partial<Record<IconName, string>> = {}

/** Style that turns a box into the icon, in the colour of its text. */
export function maskStyle(name: IconName): string {
  masks[name] ??= `-webkit-mask-image:url("${iconUrl(name, '#000')}");mask-image:url("${iconUrl(name, '#000')}")`
  return masks[name] ?? ''
}
