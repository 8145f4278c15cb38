export interface OfficialAccount {
  app_id: string
  name: string
  original_id: string
  token: string
  mode: 'plain' | 'compatible' | 'safe'
  callback_url: string
  secret_fingerprint: string | null
  encoding_aes_key_fingerprint: string | null
  mini_program_app_id: string | null
  mini_program_secret_fingerprint: string | null
  verified_at: string | null
  connection: 'direct' | 'component' | 'withdrawn'
  mini_program_connection: 'direct' | 'component' | 'withdrawn'
  mini_program_token: string
  mini_program_encoding_aes_key_fingerprint: string | null
  mini_program_callback_url: string
  mini_program_verified_at: string | null
  shipping_upload: boolean
}

export interface Replies {
  welcome: string
  keywords: { keyword: string; match: 'exact' | 'contains'; reply: string }[]
}

export interface MenuButton {
  name: string
  type?: 'click' | 'view' | 'miniprogram'
  key?: string
  url?: string
  appid?: string
  pagepath?: string
  sub_button?: MenuButton[]
}

export interface Menu {
  buttons: MenuButton[]
  published_at: string | null
}

/** Callbacks of one hour that were refused for one reason. */
export interface RefusedCallback {
  hour: string
  reason: string
  status: number
  times: number
  detail: string
  last_at: string
}

export interface PaymentAccount {
  mchid: string
  kind: 'direct' | 'partner'
  sp_mchid: string | null
  profit_sharing: boolean
  app_id: string
  serial_no: string
  public_key_id: string | null
  notify_url: string | null
  private_key_fingerprint: string | null
  apiv3_key_fingerprint: string | null
  public_key_fingerprint: string | null
}
