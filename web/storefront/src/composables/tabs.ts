import { watch } from 'vue'

import { iconUrl, type IconName } from '@/components/icons'
import { locale, t, type MessageKey } from '@/i18n'

import { cartCount } from './cart'
import { accentColour } from './theme'

const TABS: { key: MessageKey; icon: IconName; testid: string }[] = [
  { key: 'tab.home', icon: 'home', testid: 'tab-home' },
  { key: 'tab.products', icon: 'grid', testid: 'tab-products' },
  { key: 'tab.cart', icon: 'bag', testid: 'tab-cart' },
  { key: 'tab.me', icon: 'user', testid: 'tab-me' },
]

const CART_INDEX = 2

const ignore = { fail: () => undefined }

/** Keeps the platform's own tab bar in the shop's colour, the shopper's language and the cart's count. */
export function paintTabBar(): void {
  uni.setTabBarStyle({ selectedColor: accentColour.value, ...ignore })
  TABS.forEach(({ key, icon }, index) => {
    let pictures = {}
    // #ifdef H5
    // Only the H5 takes data addresses here; the mini program keeps its bundled pictures.
    pictures = {
      iconPath: iconUrl(icon, '#8a8d93'),
      selectedIconPath: iconUrl(icon, accentColour.value, true),
    }
    // #endif
    uni.setTabBarItem({ index, text: t(key), ...pictures, ...ignore })
  })
  paintBadge()
  // #ifdef H5
  document.querySelectorAll<HTMLElement>('.uni-tabbar__item').forEach((element, index) => {
    element.dataset.testid = TABS[index]?.testid
  })
  // #endif
}

export function paintBadge(): void {
  if (cartCount.value > 0) {
    uni.setTabBarBadge({ index: CART_INDEX, text: cartCount.value > 99 ? '99+' : String(cartCount.value), ...ignore })
  } else {
    uni.removeTabBarBadge({ index: CART_INDEX, ...ignore })
  }
}

watch(cartCount, paintBadge)
watch([locale, accentColour], paintTabBar)
