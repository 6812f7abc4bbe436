import { encodeUtf8 } from "../../core/bytes.ts";
import {
  type Annotation,
  type AnnotationChange,
  type AnnotationLimits,
  type AnnotationScope,
  type AnnotationStore,
  isShared,
} from "../annotations.ts";
import { overQuota, refuseTooManyEntries } from "../errors.ts";
import { accountKey } from "../names.ts";
import type { MemoryState } from "./state.ts";

export class MemoryAnnotations implements AnnotationStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async list({ account, mailboxId }: AnnotationScope): Promise<Annotation[]> {
    this.#state.use();
    const held = mailboxId === null
      ? this.#state.annotations
      : this.#state.mailboxes.get(mailboxId)?.annotations;
    if (held === undefined) return [];
    return ["", accountKey(account)].flatMap((holder) => [...held.get(holder) ?? []])
      .map(([entry, value]) => ({ entry, value: value.slice() }))
      .sort((a, b) => a.entry < b.entry ? -1 : 1);
  }

  async set(
    { account, mailboxId }: AnnotationScope,
    changes: readonly AnnotationChange[],
    { count, bytes }: AnnotationLimits,
  ): Promise<void> {
    this.#state.change();
    const mailbox = mailboxId === null ? null : this.#state.requireMailbox(mailboxId);
    const held = mailbox?.annotations ?? this.#state.annotations;
    const next = new Map<string, Map<string, Uint8Array>>();
    const grown = new Set<string>();
    for (const { entry, value } of changes) {
      const holder = mailboxId !== null && isShared(entry) ? "" : accountKey(account);
      const entries = next.get(holder) ?? new Map(held.get(holder));
      next.set(holder, entries);
      if (value === null) entries.delete(entry);
      else {
        entries.set(entry, value.slice());
        grown.add(holder);
      }
    }
    for (const holder of grown) if (next.get(holder)!.size > count) refuseTooManyEntries();
    for (const holder of grown) {
      const payer = holder === "" ? mailbox!.account.name : holder;
      const counts = (key: string, owner: string | null) => key === payer || (key === "" && owner === payer);
      if (this.#bytes({ held, next }, counts) > bytes) throw overQuota();
    }
    this.#state.account(accountKey(account));
    for (const [holder, entries] of next) held.set(holder, entries);
    if (mailbox === null || changes.length === 0) return;
    // RFC 7162 section 3.2.
    mailbox.modseq++;
    this.#state.tell(mailbox);
  }

  /** As it would be with the new entries of one scope, of those holders that count. */
  #bytes(
    { held, next }: { readonly held: Holders; readonly next: Holders },
    counts: (holder: string, owner: string | null) => boolean,
  ): number {
    let total = 0;
    const scopes: [string | null, Holders][] = [[null, this.#state.annotations]];
    for (const { account, annotations } of this.#state.mailboxes.values()) {
      scopes.push([account.name, annotations]);
    }
    for (const [owner, scope] of scopes) {
      for (const [holder, entries] of scope === held ? new Map([...held, ...next]) : scope) {
        if (counts(holder, owner)) total += bytesOf(entries);
      }
    }
    return total;
  }
}

type Holders = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;

function bytesOf(entries: ReadonlyMap<string, Uint8Array>): number {
  let total = 0;
  for (const [entry, value] of entries) total += encodeUtf8(entry).length + value.length;
  return total;
}
