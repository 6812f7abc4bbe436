/** Annotations of mailboxes and of the server (RFC 5464): what clients keep for themselves, as bytes. */

/** Whose annotations: of a mailbox, or, with null, of the server as this account sees it. */
export interface AnnotationScope {
  readonly account: string;
  readonly mailboxId: number | null;
}

export interface Annotation {
  /** In lower case: `/private/...` is the account's own, `/shared/...` everybody's who sees the mailbox. */
  readonly entry: string;
  readonly value: Uint8Array;
}

export interface AnnotationChange {
  readonly entry: string;
  /** Null removes it. */
  readonly value: Uint8Array | null;
}

export interface AnnotationLimits {
  /** Annotations of one account in one scope; of a mailbox's shared ones, all together. */
  readonly count: number;
  /**
   * Bytes of all entries and values of one account, wherever they are; the shared ones of its mailboxes count for it, whoever set
   * them.
   */
  readonly bytes: number;
}

export interface AnnotationStore {
  /** In the order of the entries. `/shared/` ones of a mailbox are the same for every account; the server's are not. */
  list(scope: AnnotationScope): Promise<Annotation[]>;
  /**
   * All or nothing; past a limit, unless nothing is added, it throws a `Refusal`: 552 5.2.0 for the count, 552
   * 5.2.2 for the bytes. Throws `NoSuchMailbox`.
   */
  set(
    scope: AnnotationScope,
    changes: readonly AnnotationChange[],
    limits: AnnotationLimits,
  ): Promise<void>;
}

export function isShared(entry: string): boolean {
  return entry.startsWith("/shared/");
}
