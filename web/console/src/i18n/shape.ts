/** The shape that a dictionary of another language must have: the same keys, texts or functions that give texts. */
export type Same<T> = {
  [K in keyof T]: T[K] extends string ? string : T[K] extends (...args: never[]) => string ? T[K] : Same<T[K]>
}
