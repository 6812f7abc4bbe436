import type { Clock } from "../../core/ports.ts";
import type { MemoryAccount, MemoryBody, MemoryMailbox, MemoryMessage } from "./state.ts";

export interface ShelvedMessage {
  readonly id: number;
  readonly account: MemoryAccount;
  /** The name that its mailbox had. */
  readonly mailbox: string;
  readonly expungedAt: number;
  readonly message: MemoryMessage;
}

/** Where expunged messages lie until their time is over. Each holds a reference to its body. */
export class MemoryShelf {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #release: (body: MemoryBody) => void;
  /** The oldest first. */
  #messages: readonly ShelvedMessage[] = [];
  #lastId = 0;

  constructor(
    options: {
      readonly clock: Clock;
      /** 0: nothing is kept. */
      readonly keepMs: number;
      readonly release: (body: MemoryBody) => void;
    },
  ) {
    this.#clock = options.clock;
    this.#keepMs = options.keepMs;
    this.#release = options.release;
  }

  add({ account, name }: MemoryMailbox, messages: Iterable<MemoryMessage>): void {
    this.#purge();
    if (this.#keepMs === 0) return;
    const expungedAt = this.#clock.now();
    const added = [...messages].map((message) => {
      message.body.refs++;
      return { id: ++this.#lastId, account, mailbox: name, expungedAt, message };
    });
    this.#messages = [...this.#messages, ...added];
  }

  find(isMeant: (message: ShelvedMessage) => boolean): ShelvedMessage[] {
    this.#purge();
    return this.#messages.filter(isMeant);
  }

  /** Gives messages, and their references, up. */
  remove(messages: Iterable<ShelvedMessage>): void {
    const gone = new Set(messages);
    this.#messages = this.#messages.filter((message) => !gone.has(message));
    for (const { message } of gone) this.#release(message.body);
  }

  #purge(): void {
    const before = this.#clock.now() - this.#keepMs;
    if (this.#messages.length > 0 && this.#messages[0]!.expungedAt < before) {
      this.remove(this.#messages.filter(({ expungedAt }) => expungedAt < before));
    }
  }
}
