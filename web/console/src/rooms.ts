/** The rooms of the console: their place in the menu and the permissions that open them. */
import type { Component } from 'vue'
import type { IconName } from '@/components/icons'
import type { Dictionary } from '@/i18n'

type View = () => Promise<{ default: Component }>
type Title = Exclude<keyof Dictionary['menu'], 'groups'>
export type Group = keyof Dictionary['menu']['groups']

export interface Room {
  name: string
  path: string
  title: Title
  /** Any one of these opens it; empty: everybody. */
  needs: string[]
  /** Only for staff of the platform itself. */
  platform?: boolean
  group?: Group
  icon?: IconName
  /** The room that is marked in the menu while this one is open. */
  under?: string
  view: View
}

export const rooms: Room[] = [
  { name: 'dashboard', path: '/', title: 'dashboard', needs: ['dashboard.read'], group: 'trade', icon: 'overview', view: () => import('@/views/dashboard/DashboardView.vue') },
  { name: 'orders', path: '/orders', title: 'orders', needs: ['orders.read'], group: 'trade', icon: 'orders', view: () => import('@/views/orders/OrdersView.vue') },
  { name: 'order', path: '/orders/:id', title: 'order', needs: ['orders.read'], under: 'orders', view: () => import('@/views/orders/OrderView.vue') },
  { name: 'till', path: '/till', title: 'till', needs: ['till.read'], group: 'trade', icon: 'pay', view: () => import('@/views/till/TillView.vue') },
  { name: 'aftersale', path: '/aftersale', title: 'aftersale', needs: ['aftersale.read'], group: 'trade', icon: 'refund', view: () => import('@/views/aftersale/CasesView.vue') },
  { name: 'aftersale-case', path: '/aftersale/:id', title: 'aftersaleCase', needs: ['aftersale.read'], under: 'aftersale', view: () => import('@/views/aftersale/CaseView.vue') },
  { name: 'aftersale-settings', path: '/aftersale-settings', title: 'aftersaleSettings', needs: ['aftersale.read'], under: 'aftersale', view: () => import('@/views/aftersale/SettingsView.vue') },
  { name: 'complaints', path: '/complaints', title: 'complaints', needs: ['aftersale.read'], group: 'trade', icon: 'alert', view: () => import('@/views/complaints/ComplaintsView.vue') },
  { name: 'complaint', path: '/complaints/:id', title: 'complaint', needs: ['aftersale.read'], under: 'complaints', view: () => import('@/views/complaints/ComplaintView.vue') },
  { name: 'pickup', path: '/pickup', title: 'pickup', needs: ['orders.write'], group: 'trade', icon: 'pickup', view: () => import('@/views/orders/PickupView.vue') },

  { name: 'products', path: '/products', title: 'products', needs: ['catalog.read'], group: 'goods', icon: 'products', view: () => import('@/views/goods/ProductsView.vue') },
  { name: 'product-new', path: '/products/new', title: 'productNew', needs: ['catalog.write'], under: 'products', view: () => import('@/views/goods/ProductView.vue') },
  { name: 'product', path: '/products/:id', title: 'product', needs: ['catalog.read'], under: 'products', view: () => import('@/views/goods/ProductView.vue') },
  { name: 'categories', path: '/categories', title: 'categories', needs: ['catalog.read'], group: 'goods', icon: 'categories', view: () => import('@/views/goods/CategoriesView.vue') },
  { name: 'stock', path: '/stock', title: 'stock', needs: ['stock.read'], group: 'goods', icon: 'stock', view: () => import('@/views/goods/StockView.vue') },

  { name: 'profile', path: '/profile', title: 'profile', needs: ['merchant.write'], group: 'places', icon: 'window', view: () => import('@/views/places/ProfileView.vue') },
  { name: 'stores', path: '/stores', title: 'stores', needs: ['stores.read'], group: 'places', icon: 'stores', view: () => import('@/views/places/StoresView.vue') },
  { name: 'staff', path: '/staff', title: 'staff', needs: ['staff.read'], group: 'places', icon: 'staff', view: () => import('@/views/places/StaffView.vue') },
  { name: 'sign-ins', path: '/sign-ins', title: 'signIns', needs: [], group: 'places', icon: 'shield', view: () => import('@/views/session/SignInsView.vue') },
  { name: 'labels', path: '/labels', title: 'labels', needs: ['labels.read'], group: 'places', icon: 'qr', view: () => import('@/views/places/LabelsView.vue') },

  { name: 'members', path: '/members', title: 'members', needs: ['members.read'], group: 'people', icon: 'members', view: () => import('@/views/people/MembersView.vue') },
  { name: 'levels', path: '/member-levels', title: 'levels', needs: ['members.read'], group: 'people', icon: 'crown', view: () => import('@/views/people/LevelsView.vue') },
  { name: 'points', path: '/points', title: 'points', needs: ['members.read'], group: 'people', icon: 'points', view: () => import('@/views/people/PointsView.vue') },
  { name: 'followers', path: '/followers', title: 'followers', needs: ['members.read'], group: 'people', icon: 'followers', view: () => import('@/views/people/FollowersView.vue') },

  { name: 'official-account', path: '/official-account', title: 'officialAccount', needs: ['channels.write'], group: 'wechat', icon: 'chat', view: () => import('@/views/wechat/OfficialAccountView.vue') },
  { name: 'wecom', path: '/wecom', title: 'wecom', needs: ['channels.read'], group: 'wechat', icon: 'staff', view: () => import('@/views/wechat/WeComView.vue') },
  { name: 'messages', path: '/messages', title: 'messages', needs: ['channels.read'], group: 'wechat', icon: 'sent', view: () => import('@/views/people/MessagesView.vue') },
  { name: 'payment', path: '/payment', title: 'payment', needs: ['payments.read'], group: 'wechat', icon: 'pay', view: () => import('@/views/wechat/PaymentView.vue') },

  { name: 'alipay', path: '/alipay', title: 'alipay', needs: ['payments.read'], group: 'finance', icon: 'pay', view: () => import('@/views/alipay/AlipayView.vue') },
  { name: 'wallets', path: '/wallets', title: 'wallets', needs: ['wallets.read'], group: 'finance', icon: 'pay', view: () => import('@/views/wallet/WalletsView.vue') },
  { name: 'ledger', path: '/ledger', title: 'ledger', needs: ['ledger.read'], group: 'finance', icon: 'ledger', view: () => import('@/views/finance/LedgerView.vue') },
  { name: 'trial-balance', path: '/trial-balance', title: 'trialBalance', needs: ['ledger.read'], group: 'finance', icon: 'categories', view: () => import('@/views/finance/TrialView.vue') },
  { name: 'cash-flow', path: '/cash-flow', title: 'cashFlow', needs: ['ledger.read'], group: 'finance', icon: 'overview', view: () => import('@/views/finance/CashFlowView.vue') },
  { name: 'months', path: '/months', title: 'months', needs: ['ledger.read'], group: 'finance', icon: 'lock', view: () => import('@/views/finance/MonthsView.vue') },
  { name: 'account-codes', path: '/account-codes', title: 'accountCodes', needs: ['ledger.read'], under: 'months', view: () => import('@/views/finance/CodesView.vue') },
  { name: 'statements', path: '/settlement/statements', title: 'statements', needs: ['settlement.read'], group: 'finance', icon: 'ledger', view: () => import('@/views/settlement/StatementsView.vue') },
  { name: 'statement', path: '/settlement/statements/:id', title: 'statement', needs: ['settlement.read'], under: 'statements', view: () => import('@/views/settlement/StatementView.vue') },
  { name: 'sharings', path: '/settlement/sharings', title: 'sharings', needs: ['settlement.read'], group: 'finance', icon: 'pay', view: () => import('@/views/settlement/SharingsView.vue') },
  { name: 'plan', path: '/settlement/plan', title: 'plan', needs: ['settlement.read'], group: 'finance', icon: 'crown', view: () => import('@/views/settlement/PlanView.vue') },
  { name: 'reconciliation', path: '/reconciliation', title: 'reconciliation', needs: ['ledger.read'], group: 'finance', icon: 'check', view: () => import('@/views/reconciliation/DaysView.vue') },
  { name: 'differences', path: '/differences', title: 'differences', needs: ['ledger.read'], group: 'finance', icon: 'alert', view: () => import('@/views/reconciliation/DifferencesView.vue') },
  { name: 'parked-payments', path: '/parked-payments', title: 'parkedPayments', needs: ['payments.read'], group: 'finance', icon: 'alert', view: () => import('@/views/finance/ParkedPaymentsView.vue') },
  { name: 'deliveries', path: '/deliveries', title: 'deliveries', needs: ['deliveries.read'], group: 'finance', icon: 'parked', view: () => import('@/views/finance/DeliveriesView.vue') },

  { name: 'platform', path: '/platform', title: 'platformOverview', needs: ['platform.read'], platform: true, group: 'platform', icon: 'platform', view: () => import('@/views/platform/OverviewView.vue') },
  { name: 'merchants', path: '/platform/merchants', title: 'merchants', needs: ['platform.read'], platform: true, group: 'platform', icon: 'merchants', view: () => import('@/views/platform/MerchantsView.vue') },
  { name: 'commission-rules', path: '/platform/commission-rules', title: 'commissionRules', needs: ['platform.read'], platform: true, group: 'platform', icon: 'pay', view: () => import('@/views/settlement/RulesView.vue') },
  { name: 'tool-plans', path: '/platform/tool-plans', title: 'toolPlans', needs: ['platform.read'], platform: true, group: 'platform', icon: 'crown', view: () => import('@/views/settlement/ToolPlansView.vue') },
  { name: 'settlement-accounts', path: '/platform/settlement-accounts', title: 'settlementAccounts', needs: ['platform.read'], platform: true, group: 'platform', icon: 'merchants', view: () => import('@/views/settlement/AccountsView.vue') },
  { name: 'settlement-account', path: '/platform/settlement-accounts/:merchant', title: 'settlementAccount', needs: ['platform.read'], platform: true, under: 'settlement-accounts', view: () => import('@/views/settlement/AccountView.vue') },
  { name: 'settle', path: '/platform/settlement', title: 'settle', needs: ['platform.read'], platform: true, group: 'platform', icon: 'ledger', view: () => import('@/views/settlement/SettleView.vue') },
  { name: 'settle-statement', path: '/platform/settlement/:merchant/:id', title: 'statement', needs: ['platform.read'], platform: true, under: 'settle', view: () => import('@/views/settlement/StatementView.vue') },
  { name: 'open-platform', path: '/platform/open-platform', title: 'openPlatform', needs: ['platform.read'], platform: true, group: 'platform', icon: 'link', view: () => import('@/views/wechat/OpenPlatformView.vue') },
  { name: 'verify', path: '/platform/verify', title: 'verify', needs: ['platform.read'], platform: true, group: 'platform', icon: 'shield', view: () => import('@/views/platform/VerifyView.vue') },
  { name: 'disputes', path: '/platform/disputes', title: 'disputes', needs: ['platform.read'], platform: true, group: 'platform', icon: 'refund', view: () => import('@/views/aftersale/CasesView.vue') },
  { name: 'dispute', path: '/platform/disputes/:merchant/:id', title: 'disputes', needs: ['platform.read'], platform: true, under: 'disputes', view: () => import('@/views/aftersale/CaseView.vue') },
  { name: 'platform-reconciliation', path: '/platform/reconciliation', title: 'platformReconciliation', needs: ['platform.read'], platform: true, group: 'platform', icon: 'check', view: () => import('@/views/reconciliation/PlatformDaysView.vue') },
  { name: 'platform-differences', path: '/platform/differences', title: 'platformDifferences', needs: ['platform.read'], platform: true, group: 'platform', icon: 'alert', view: () => import('@/views/reconciliation/DifferencesView.vue') },
  { name: 'platform-months', path: '/platform/months', title: 'platformMonths', needs: ['platform.read'], platform: true, group: 'platform', icon: 'lock', view: () => import('@/views/platform/PlatformMonthsView.vue') },
  { name: 'platform-deliveries', path: '/platform/deliveries', title: 'platformDeliveries', needs: ['platform.read'], platform: true, group: 'platform', icon: 'parked', view: () => import('@/views/finance/DeliveriesView.vue') },
]

export const groups: Group[] = ['trade', 'goods', 'places', 'people', 'wechat', 'finance', 'platform']
