/** What an account may keep in all (RFC 9208); null is no limit. */
export interface QuotaLimit {
  readonly bytes: number | null;
  readonly messages: number | null;
}

export interface Usage {
  readonly bytes: number;
  readonly messages: number;
}

export function exceeds(usage: Usage, { bytes, messages }: QuotaLimit): boolean {
  return usage.bytes > (bytes ?? Infinity) || usage.messages > (messages ?? Infinity);
}

export const NO_QUOTA: QuotaLimit = { bytes: null, messages: null };
