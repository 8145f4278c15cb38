/** All texts in English, one file per part of the console. */
import { en as common } from './texts/common'
import { en as session } from './texts/session'
import { en as menu } from './texts/menu'
import { en as dashboard } from './texts/dashboard'
import { en as orders } from './texts/orders'
import { en as pickup } from './texts/pickup'
import { en as goods } from './texts/goods'
import { en as places } from './texts/places'
import { en as people } from './texts/people'
import { en as wechat } from './texts/wechat'
import { en as finance } from './texts/finance'
import { en as platform } from './texts/platform'
import { en as profile } from './texts/profile'
import { en as rooms } from './texts/rooms'
import { en as apps } from './texts/apps'

export const en = { common, session, menu, dashboard, orders, pickup, goods, places, people, wechat, finance, platform, profile, rooms, apps }
