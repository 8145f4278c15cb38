/** A chunk of its own, so that only those who open the lists load it. */
export { areaList } from '@vant/area-data'
