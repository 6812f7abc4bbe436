/** Who has which maildrop open (RFC 1939 section 4: exclusive access). */
export interface MaildropLocks {
  /** Takes the account's maildrop: how to give it back (safe to call twice), or null when another session has it. */
  take(account: string): (() => void) | null;
  noteLogin(account: string, at: number): void;
  /** When it logged in last, since the start of the server (RFC 2449 section 6.5). */
  lastLogin(account: string): number | null;
}

export function makeMaildropLocks(): MaildropLocks {
  const taken = new Set<string>();
  /** As many as there are accounts: a name that nobody has never gets here. */
  const logins = new Map<string, number>();
  return {
    noteLogin: (account, at) => void logins.set(account, at),
    lastLogin: (account) => logins.get(account) ?? null,
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
