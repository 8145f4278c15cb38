/** Whether this is a browser at a desk: wide, not WeChat's, in no frame. There the phone signs in, by a code. */
export function atDesk(): boolean {
  let yes = false
  // #ifdef H5
  yes = window.innerWidth >= 1040 && window.parent === window && !/MicroMessenger/i.test(navigator.userAgent)
  // #endif
  return yes
}
