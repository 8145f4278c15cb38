export { en } from './orders.en'
export { zh } from './orders.zh'
