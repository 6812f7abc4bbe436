import { compileKey, type SearchSubject } from "../evaluate.ts";
import { applyChange, DELETED, listFlags, parseChange, parseFlags, SEEN, uniteKeywords } from "../flags.ts";
import type {
  AppendRequest,
  Changes,
  FlagChange,
  MailboxView,
  MessageRow,
  MessageRowWithDigest,
  MessageStore,
  SearchKey,
  UidCopy,
  UidRanges,
} from "../mod.ts";
import { runInSlices } from "../slices.ts";
import { takeBody } from "./bodies.ts";
import { type MemoryMailbox, type MemoryMessage, type MemoryState, showMailbox } from "./state.ts";
import { messagesIn, transferMessages } from "./transfer.ts";

const PAGE = 500;

export class MemoryMessages implements MessageStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async open(
    mailboxId: number,
    options?: { readonly claimRecent?: boolean },
  ): Promise<MailboxView | null> {
    this.#state.use();
    const mailbox = this.#state.mailboxes.get(mailboxId);
    if (mailbox === undefined) return null;
    const messages = [...mailbox.messages.values()];
    const view: MailboxView = {
      mailbox: showMailbox(mailbox),
      uids: Uint32Array.from(messages, (message) => message.uid),
      firstUnseenUid: messages.find((message) => (message.bits & SEEN) === 0)?.uid ?? null,
      keywords: uniteKeywords(messages.map((message) => message.keywords)),
    };
    if (options?.claimRecent === true) mailbox.recentFrom = mailbox.uidNext;
    return view;
  }

  async *rows(mailboxId: number, uids: UidRanges): AsyncGenerator<readonly MessageRow[], void> {
    for (const page of this.#pages(mailboxId, uids)) yield page.map(showRow);
  }

  async *rowsWithDigest(
    mailboxId: number,
    uids: UidRanges,
  ): AsyncGenerator<readonly MessageRowWithDigest[], void> {
    for (const page of this.#pages(mailboxId, uids)) {
      yield page.map((message) => ({ ...showRow(message), digest: message.body.digest }));
    }
  }

  *#pages(mailboxId: number, uids: UidRanges): Generator<MemoryMessage[], void> {
    this.#state.use();
    const mailbox = this.#state.mailboxes.get(mailboxId);
    if (mailbox === undefined) return;
    const messages = messagesIn(mailbox, uids);
    for (let at = 0; at < messages.length; at += PAGE) yield messages.slice(at, at + PAGE);
  }

  async append(request: AppendRequest): Promise<{ readonly uid: number; readonly uidValidity: number }> {
    this.#state.change();
    const flags = parseFlags(request.flags);
    const mailbox = this.#state.requireMailbox(request.mailboxId);
    const body = takeBody(this.#state, request.body);
    const message = { ...flags, internalDate: request.internalDate, body };
    const { uid } = this.#state.addMessage(mailbox, message, mailbox.modseq + 1);
    this.#state.tell(mailbox);
    return { uid, uidValidity: mailbox.uidValidity };
  }

  async setFlags(
    mailboxId: number,
    uids: UidRanges,
    change: FlagChange,
    options?: { readonly unchangedSince?: number },
  ): Promise<{ readonly rows: readonly MessageRow[]; readonly modified: readonly number[] }> {
    this.#state.change();
    const parsed = parseChange(change);
    const mailbox = this.#state.requireMailbox(mailboxId);
    const unchangedSince = options?.unchangedSince ?? Infinity;
    const messages = messagesIn(mailbox, uids);
    const taken = messages.filter((message) => message.modseq <= unchangedSince);
    // All are computed before the first is changed: one that has too many keywords must change none.
    const next = taken.map((message) => applyChange(message, parsed));
    const modseq = mailbox.modseq + 1;
    taken.forEach((message, place) => {
      const { bits, keywords } = next[place]!;
      if (bits === message.bits && keywords === message.keywords) return;
      Object.assign(message, { bits, keywords, modseq });
      mailbox.modseq = modseq;
    });
    if (mailbox.modseq === modseq) this.#state.tell(mailbox);
    return {
      rows: taken.map(showRow),
      modified: messages.filter((message) => !taken.includes(message)).map((message) => message.uid),
    };
  }

  async expunge(
    mailboxId: number,
    uids: UidRanges,
    options?: { readonly any?: boolean },
  ): Promise<readonly number[]> {
    this.#state.change();
    const mailbox = this.#state.requireMailbox(mailboxId);
    const any = options?.any ?? false;
    const messages = messagesIn(mailbox, uids).filter(({ bits }) => any || (bits & DELETED) !== 0);
    if (messages.length > 0) {
      this.#state.takeOut(mailbox, messages);
      this.#state.tell(mailbox);
    }
    return messages.map((message) => message.uid);
  }

  async copy(mailboxId: number, uids: UidRanges, toMailboxId: number): Promise<UidCopy> {
    return this.#transfer({ mailboxId, uids, toMailboxId, move: false });
  }

  async move(mailboxId: number, uids: UidRanges, toMailboxId: number): Promise<UidCopy> {
    return this.#transfer({ mailboxId, uids, toMailboxId, move: true });
  }

  #transfer(
    task: {
      readonly mailboxId: number;
      readonly uids: UidRanges;
      readonly toMailboxId: number;
      readonly move: boolean;
    },
  ): UidCopy {
    this.#state.change();
    const from = this.#state.requireMailbox(task.mailboxId);
    const to = this.#state.requireMailbox(task.toMailboxId);
    return transferMessages(this.#state, { from, to, uids: task.uids, move: task.move });
  }

  async changesSince(mailboxId: number, modseq: number): Promise<Changes> {
    this.#state.use();
    const mailbox = this.#state.requireMailbox(mailboxId);
    return {
      highestModseq: mailbox.modseq,
      uidNext: mailbox.uidNext,
      changed: [...mailbox.messages.values()].filter((message) => message.modseq > modseq).map(showRow),
      vanished: mailbox.expunged.filter((entry) => entry.modseq > modseq).map((entry) => entry.uid)
        .sort((a, b) => a - b),
    };
  }

  async search(
    mailboxId: number,
    key: SearchKey,
    options?: { readonly signal?: AbortSignal },
  ): Promise<number[]> {
    this.#state.use();
    options?.signal?.throwIfAborted();
    const mailbox = this.#state.mailboxes.get(mailboxId);
    if (mailbox === undefined) return [];
    const found = await runInSlices(searchMailbox(mailbox, key), () => options?.signal?.aborted ?? false);
    options?.signal?.throwIfAborted();
    return found ?? [];
  }
}

function* searchMailbox(mailbox: MemoryMailbox, key: SearchKey): Generator<number, number[]> {
  const compiled = compileKey(key);
  const found: number[] = [];
  for (const message of [...mailbox.messages.values()]) {
    yield 100;
    const subject = subjectOf(message);
    if (compiled.test(subject.row) ?? (yield* compiled.examine(subject))) found.push(message.uid);
  }
  return found;
}

function subjectOf(message: MemoryMessage): SearchSubject {
  const { uid, modseq, bits, keywords, internalDate, body } = message;
  return {
    row: { uid, modseq, bits, keywords, internalDate, size: body.bytes.length },
    digest: () => body.digest,
    read: (start, end) => body.bytes.subarray(start, end),
  };
}

function showRow(message: MemoryMessage): MessageRow {
  return {
    uid: message.uid,
    modseq: message.modseq,
    flags: listFlags(message.bits, message.keywords),
    internalDate: message.internalDate,
    size: message.body.bytes.length,
    bodyId: message.body.id,
  };
}
