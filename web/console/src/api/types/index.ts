/** Wire types of the merchant API: ids are strings, money is fen, times are RFC 3339 in UTC. */
export type * from './catalog'
export type * from './ledger'
export type * from './orders'
export type * from './people'
export type * from './places'
export type * from './platform'
export type * from './session'
export type * from './wechat'
