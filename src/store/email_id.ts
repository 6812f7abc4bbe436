/** EMAILID (RFC 8474 section 5.1) shows which body a message has: all its copies share it, and it is never used again. */
export function formatEmailId(bodyId: number): string {
  return `M${bodyId.toString(36)}`;
}

/** The body that an EMAILID names; null for what was never one. */
export function parseEmailId(text: string): number | null {
  const bodyId = /^M[0-9a-z]{1,11}$/.test(text) ? parseInt(text.slice(1), 36) : NaN;
  return Number.isSafeInteger(bodyId) && formatEmailId(bodyId) === text ? bodyId : null;
}
