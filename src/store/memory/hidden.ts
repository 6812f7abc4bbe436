import { DELETED } from "../flags.ts";
import {
  type HiddenFilter,
  type HiddenMessage,
  type HiddenStore,
  RECOVERED,
  type Restored,
  senderText,
  sumRestored,
} from "../hidden.ts";
import { accountKey, normalizeName } from "../names.ts";
import type { ShelvedMessage } from "./shelf.ts";
import type { MemoryAccount, MemoryMailbox, MemoryState } from "./state.ts";

const PAGE = 100;

export class MemoryHiddenStore implements HiddenStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async list(
    account: string,
    filter: HiddenFilter = {},
    { after = 0, limit = PAGE }: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<HiddenMessage[]> {
    this.#state.use();
    return this.#matching(account, filter).filter(({ id }) => id > after).slice(0, limit).map(show);
  }

  async restore(account: string, filter: HiddenFilter = {}): Promise<Restored[]> {
    this.#state.change();
    const found = this.#matching(account, filter);
    const restored = found.map((one) => this.#bringBack(one));
    this.#state.shelf.remove(found);
    return sumRestored(restored);
  }

  #bringBack({ account, mailbox: name, message }: ShelvedMessage): Restored {
    const mailbox = account.mailboxes.get(name) ?? renamed(account, name) ?? this.#recovered(account);
    const { body, keywords, internalDate } = message;
    const bits = message.bits & ~DELETED;
    this.#state.addMessage(mailbox, { bits, keywords, internalDate, body }, mailbox.modseq + 1);
    this.#state.tell(mailbox);
    return { mailbox: mailbox.name, messages: 1, bytes: body.bytes.length };
  }

  /** The mailbox for what has no other; subscribed, so that it is seen. */
  #recovered(account: MemoryAccount): MemoryMailbox {
    account.subscriptions.add(RECOVERED);
    return this.#state.ensureMailbox(account, RECOVERED);
  }

  #matching(account: string, { since = 0, mailbox }: HiddenFilter): ShelvedMessage[] {
    const key = accountKey(account);
    const name = mailbox === undefined ? null : normalizeName(mailbox);
    return this.#state.shelf.find((one) =>
      one.account.name === key && one.expungedAt >= since && (name === null || one.mailbox === name)
    );
  }
}

/** The mailbox that had this name once, by the UIDVALIDITY that it kept: no two mailboxes have the same. */
function renamed(account: MemoryAccount, name: string): MemoryMailbox | undefined {
  const uidValidity = account.retired.get(name);
  return [...account.mailboxes.values()].find((mailbox) => mailbox.uidValidity === uidValidity);
}

function show(
  { id, mailbox, expungedAt, message: { body, internalDate } }: ShelvedMessage,
): HiddenMessage {
  const { subject, from } = body.digest.envelope;
  return {
    id,
    mailbox,
    expungedAt,
    internalDate,
    size: body.bytes.length,
    subject,
    from: senderText(from),
  };
}
