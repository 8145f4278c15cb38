import { onLoad, onPullDownRefresh, onShow } from '@dcloudio/uni-app'
import { ref, type Ref, type ShallowRef } from 'vue'

import { asApiError, type ApiError } from '@/api/errors'
import { t, type MessageKey } from '@/i18n'

import { useLoad } from './load'
import { toast } from './navigate'
import { setTitle } from './screen'
import { ensureMerchant } from './theme'

export interface RecordPage<T> {
  id: Ref<string>
  data: ShallowRef<T | null>
  error: ShallowRef<ApiError | null>
  busy: Ref<boolean>
  run: () => Promise<void>
  /** Does something about it and shows what it is then; false, with the reason told, when it was refused. */
  act: (work: () => Promise<T>, done?: string) => Promise<boolean>
}

/** A page about the one thing that its address names (`id`): loaded when it is shown and when it is pulled. */
export function useRecord<T>(title: MessageKey, get: (id: string) => Promise<T>): RecordPage<T> {
  const id = ref('')
  const busy = ref(false)
  const { data, error, run } = useLoad(() => get(id.value))

  async function act(work: () => Promise<T>, done?: string): Promise<boolean> {
    busy.value = true
    try {
      data.value = await work()
      if (done) toast(done)
      return true
    } catch (thrown) {
      toast(asApiError(thrown).message)
      await run()
      return false
    } finally {
      busy.value = false
    }
  }

  onLoad((query) => {
    id.value = String(query?.id ?? '')
    void ensureMerchant()
  })

  onShow(() => {
    setTitle(t(title))
    void run()
  })

  onPullDownRefresh(async () => {
    await run()
    uni.stopPullDownRefresh()
  })

  return { id, data, error, busy, run, act }
}

export function copy(text: string): void {
  uni.setClipboardData({ data: text, showToast: false, success: () => toast(t('common.copied')) })
}
