import { renderSVG } from 'uqr'

/** A QR picture of the text as a data address, drawn here: no service is asked. */
export function qrUrl(text: string): string {
  const svg = renderSVG(text, { ecc: 'M', border: 1, pixelSize: 8, blackColor: '#1d1f23', whiteColor: '#ffffff' })
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
