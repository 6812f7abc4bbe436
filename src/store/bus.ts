import type { AccountNotice, Bus, ChangeNotice, QueuedMessage } from "./mod.ts";
import { accountKey } from "./names.ts";

/** Those who listen to one topic each. */
class Topics<Key, Notice> {
  readonly #listeners = new Map<Key, Set<(notice: Notice) => void>>();

  add(key: Key, listener: (notice: Notice) => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    // Its own function object, so that one listener registered twice is called twice and stopped one by one.
    const entry = (notice: Notice) => listener(notice);
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  of(key: Key): readonly ((notice: Notice) => void)[] {
    return [...this.#listeners.get(key) ?? []];
  }
}

/** Tells the listeners of this process. A listener that throws does not keep the others from hearing. */
export class ChangeBus implements Bus {
  readonly #mailboxes = new Topics<number, ChangeNotice>();
  readonly #accounts = new Topics<string, AccountNotice>();
  readonly #spool = new Set<(fresh: readonly QueuedMessage[]) => void>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  watchMailbox(mailboxId: number, listener: (notice: ChangeNotice) => void): () => void {
    return this.#mailboxes.add(mailboxId, listener);
  }

  watchAccount(account: string, listener: (notice: AccountNotice) => void): () => void {
    return this.#accounts.add(accountKey(account), listener);
  }

  watchSpool(listener: (fresh: readonly QueuedMessage[]) => void): () => void {
    const entry = (fresh: readonly QueuedMessage[]) => listener(fresh);
    this.#spool.add(entry);
    return () => this.#spool.delete(entry);
  }

  tellMailbox(notice: ChangeNotice): void {
    for (const listener of this.#mailboxes.of(notice.mailboxId)) this.#call(() => listener(notice));
  }

  tellAccount(notice: AccountNotice): void {
    for (const listener of this.#accounts.of(accountKey(notice.account))) this.#call(() => listener(notice));
  }

  tellSpool(fresh: readonly QueuedMessage[] = []): void {
    for (const listener of [...this.#spool]) this.#call(() => listener(fresh));
  }

  /** The commit is done whatever a listener does; its error must not reach the writer of the change. */
  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#onError(error);
    }
  }
}
