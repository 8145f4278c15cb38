/** A problem of the platform (RFC 9457) or of the way to it; `code` is stable, `message` is for the shopper. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    /** Members of the problem beside the standard ones, such as `sku_ids` of `out_of_stock`. */
    readonly extra: Readonly<Record<string, unknown>> = {},
    readonly requestId = '',
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Trying again unchanged may help. */
  get transient(): boolean {
    return this.code === 'network' || this.status >= 500 || this.status === 429
  }
}

/** Makes any thrown value an ApiError, so that pages have one kind to show. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError('unexpected', 0, error instanceof Error ? error.message : String(error))
}
