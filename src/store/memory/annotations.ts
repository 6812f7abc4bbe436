import {
  type Annotation,
  type AnnotationChange,
  type AnnotationLimits,
  type AnnotationScope,
  type AnnotationStore,
  isShared,
} from "../annotations.ts";
import { refuseTooManyEntries } from "../errors.ts";
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
    { count }: AnnotationLimits,
  ): Promise<void> {
    this.#state.change();
    const held = mailboxId === null
      ? this.#state.annotations
      : this.#state.requireMailbox(mailboxId).annotations;
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
    this.#state.account(accountKey(account));
    for (const [holder, entries] of next) held.set(holder, entries);
  }
}
