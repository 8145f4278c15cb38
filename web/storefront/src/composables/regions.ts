/** Provinces, cities and districts for the H5's wheel; loaded only when it opens. */
export interface Regions {
  province_list: Record<string, string>
  city_list: Record<string, string>
  county_list: Record<string, string>
}

const EMPTY: Regions = { province_list: {}, city_list: {}, county_list: {} }

export async function loadRegions(): Promise<Regions> {
  let regions = EMPTY
  // #ifdef H5
  regions = (await import('@vant/area-data')).areaList as Regions
  // #endif
  return regions
}

/** Codes nest: a city starts with its province's two digits, a district with its city's four. */
const under = (list: Record<string, string>, prefix: string): [string, string][] =>
  Object.entries(list).filter(([code]) => code.startsWith(prefix))

type Level = [string, string][]

function levels(regions: Regions, at: number[]): [Level, Level, Level] {
  const provinces = Object.entries(regions.province_list)
  const province = provinces[at[0]] ?? provinces[0]
  const cities = province ? under(regions.city_list, province[0].slice(0, 2)) : []
  const city = cities[at[1]] ?? cities[0]
  return [provinces, cities, city ? under(regions.county_list, city[0].slice(0, 4)) : []]
}

/** The names in the three columns when these rows are chosen. */
export function columnsAt(regions: Regions, at: number[]): string[][] {
  return levels(regions, at).map((level) => level.map(([, name]) => name))
}

/** The rows of these names; the first row where a name is not known. */
export function indexesOf(regions: Regions, names: string[]): number[] {
  const at = [0, 0, 0]
  names.forEach((name, depth) => {
    const found = levels(regions, at)[depth].findIndex(([, other]) => other === name)
    at[depth] = Math.max(found, 0)
  })
  return at
}
