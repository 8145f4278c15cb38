/** Provinces, cities and districts for the H5's lists; loaded only when they open. */
export interface Regions {
  province_list: Record<string, string>
  city_list: Record<string, string>
  county_list: Record<string, string>
}

const EMPTY: Regions = { province_list: {}, city_list: {}, county_list: {} }

export async function loadRegions(): Promise<Regions> {
  let regions = EMPTY
  // #ifdef H5
  regions = (await import('./region-data')).areaList as Regions
  // #endif
  return regions
}

/** Codes nest: a city starts with its province's two digits, a district with its city's four. */
function codeOf(list: Record<string, string>, prefix: string, name: string | undefined): string {
  return Object.entries(list).find(([code, other]) => code.startsWith(prefix) && other === name)?.[0] ?? ''
}

const under = (list: Record<string, string>, prefix: string): string[] =>
  prefix ? Object.entries(list).flatMap(([code, name]) => (code.startsWith(prefix) ? [name] : [])) : []

/** What can be chosen at a depth (0 province, 1 city, 2 district) below the names chosen so far. */
export function namesAt(regions: Regions, chosen: string[], depth: number): string[] {
  if (depth === 0) return Object.values(regions.province_list)
  const province = codeOf(regions.province_list, '', chosen[0]).slice(0, 2)
  if (depth === 1) return under(regions.city_list, province)
  const city = province && codeOf(regions.city_list, province, chosen[1]).slice(0, 4)
  return under(regions.county_list, city)
}
