/** A column of a DataTable. */
export interface Column {
  key: string
  label: string
  align?: 'right' | 'center'
  width?: string
  wide?: boolean
  /** On a phone: the card's title, its row of actions, or not shown. */
  phone?: 'title' | 'foot' | 'hide'
}
