/** Routes behind the hash: one per room, guarded by the session and its permissions. */
import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import { rooms, type Room } from '@/rooms'
import { may, restore, state } from '@/state/session'

export function opens(room: Room): boolean {
  if (room.platform && !state.session?.merchant.is_platform) return false
  return may(...room.needs)
}

/** The first room that this person may enter. */
export function home(): string {
  if (state.session?.merchant.is_platform && may('platform.read')) return '/platform'
  return rooms.find((room) => room.group && opens(room))?.path ?? '/'
}

const inside: RouteRecordRaw[] = rooms.map((room) => ({
  name: room.name,
  path: room.path,
  component: room.view,
  meta: { room },
}))

export const router = createRouter({
  history: createWebHashHistory('/console/'),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { name: 'sign-in', path: '/sign-in', component: () => import('@/views/session/SignInView.vue'), meta: { open: true } },
    { name: 'print', path: '/labels/print', component: () => import('@/views/places/PrintView.vue') },
    {
      path: '/',
      component: () => import('@/layout/AppShell.vue'),
      children: [...inside, { name: 'lost', path: '/:rest(.*)*', component: () => import('@/views/session/LostView.vue') }],
    },
  ],
})

router.beforeEach(async (to) => {
  if (state.status === 'unknown') await restore()
  if (to.meta.open) return state.status === 'in' ? home() : true
  if (state.status === 'unreachable') return true
  if (state.status === 'out') {
    const next = to.fullPath === '/' ? undefined : to.fullPath
    return { name: 'sign-in', query: next ? { next } : {} }
  }
  const room = to.meta.room as Room | undefined
  if (room && !opens(room)) {
    if (to.path === '/') {
      const other = home()
      if (other !== '/') return other
    }
    return { name: 'lost', params: { rest: ['not-allowed'] }, replace: true }
  }
  return true
})
