/** Who has which maildrop open (RFC 1939 section 4: exclusive access). */
export interface MaildropLocks {
  /** Takes the account's maildrop: how to give it back (safe to call twice), or null when another session has it. */
  take(account: string): (() => void) | null;
}

export function makeMaildropLocks(): MaildropLocks {
  const taken = new Set<string>();
  return {
    take(account) {
      if (taken.has(account)) return null;
      taken.add(account);
      let held = true;
      return () => {
        if (held) taken.delete(account);
        held = false;
      };
    },
  };
}
