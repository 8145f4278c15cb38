/** Room that a page with its own header must leave at the top: the phone's status bar in the mini program. */
export function topInset(): number {
  let inset = 0
  // #ifdef MP-WEIXIN
  inset = uni.getSystemInfoSync().statusBarHeight ?? 20
  // #endif
  return inset
}

/** Sets the title in the page's bar; in the H5 that is also the document's title, which WeChat shows. */
export function setTitle(title: string): void {
  uni.setNavigationBarTitle({ title, fail: () => undefined })
}
