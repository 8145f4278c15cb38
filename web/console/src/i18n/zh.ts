/** All texts in Chinese, one file per part of the console. */
import { zh as common } from './texts/common'
import { zh as session } from './texts/session'
import { zh as menu } from './texts/menu'
import { zh as dashboard } from './texts/dashboard'
import { zh as orders } from './texts/orders'
import { zh as pickup } from './texts/pickup'
import { zh as goods } from './texts/goods'
import { zh as places } from './texts/places'
import { zh as people } from './texts/people'
import { zh as wechat } from './texts/wechat'
import { zh as finance } from './texts/finance'
import { zh as platform } from './texts/platform'
import { zh as profile } from './texts/profile'
import { zh as rooms } from './texts/rooms'
import { zh as apps } from './texts/apps'

export const zh = { common, session, menu, dashboard, orders, pickup, goods, places, people, wechat, finance, platform, profile, rooms, apps }
