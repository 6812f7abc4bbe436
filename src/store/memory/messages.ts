import { applyChange, DELETED, listFlags, parseChange, parseFlags, SEEN, uniteKeywords } from "../flags.ts";
import { packFlags } from "../flag_table.ts";
import type {
  Appended,
  AppendRequest,
  Changes,
  ChangesOptions,
  FlagChange,
  FlagOptions,
  FlagTable,
  MailboxView,
  MessageRow,
  MessageRowWithDigest,
  MessageStore,
  ReplaceRequest,
  SearchKey,
  ShownOptions,
  ShownRow,
  TransferOptions,
  UidCopy,
  UidRanges,
} from "../mod.ts";
import type { SortRequest, ThreadList, ThreadRequest } from "../ordering.ts";
import type { SearchOptions } from "../search.ts";
import { runInSlices } from "../slices.ts";
import type { Usage } from "../quota.ts";
import { inRanges } from "../ranges.ts";
import { showTexts } from "../shown_texts.ts";
import { NoSuchMessage } from "../errors.ts";
import { takeBody } from "./bodies.ts";
import {
  bytesOfMessages,
  type MemoryMailbox,
  type MemoryMessage,
  type MemoryState,
  showMailbox,
} from "./state.ts";
import { searchMailbox } from "./search.ts";
import { sortMailbox } from "./sort.ts";
import { threadMailbox } from "./thread.ts";
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

  async *flagTables(mailboxId: number, uids: UidRanges): AsyncGenerator<FlagTable, void> {
    for (const page of this.#pages(mailboxId, uids)) {
      yield {
        uids: Uint32Array.from(page, ({ uid }) => uid),
        modseqs: Float64Array.from(page, ({ modseq }) => modseq),
        ...packFlags(page.map(({ bits, keywords }) => keywords === "" ? bits : `${bits} ${keywords}`)),
      };
    }
  }

  async *rowsWithDigest(
    mailboxId: number,
    uids: UidRanges,
  ): AsyncGenerator<readonly MessageRowWithDigest[], void> {
    for (const page of this.#pages(mailboxId, uids)) {
      yield page.map((message) => ({ ...showRow(message), digest: message.body.digest }));
    }
  }

  async *shownRows(
    mailboxId: number,
    uids: UidRanges,
    options: ShownOptions,
  ): AsyncGenerator<readonly ShownRow[], void> {
    for (const page of this.#pages(mailboxId, uids)) {
      yield page.map((message) => {
        const { headerSize, envelope, structure } = showTexts(message.body.digest, options);
        return { ...showRow(message), headerSize, envelope, structure };
      });
    }
  }

  *#pages(mailboxId: number, uids: UidRanges): Generator<MemoryMessage[], void> {
    this.#state.use();
    const mailbox = this.#state.mailboxes.get(mailboxId);
    if (mailbox === undefined) return;
    const messages = messagesIn(mailbox, uids);
    for (let at = 0; at < messages.length; at += PAGE) yield messages.slice(at, at + PAGE);
  }

  async append(request: AppendRequest): Promise<Appended> {
    return this.#appendAll([request])[0]!;
  }

  async appendMany(requests: readonly AppendRequest[]): Promise<Appended[]> {
    return this.#appendAll(requests);
  }

  async replace(request: ReplaceRequest): Promise<Appended> {
    parseFlags(request.flags);
    const source = this.#state.requireMailbox(request.source);
    const replaced = source.messages.get(request.uid);
    if (replaced === undefined) throw new NoSuchMessage();
    const target = this.#state.requireMailbox(request.mailboxId);
    const freed = source.account === target.account ? bytesOfMessages([replaced]) : 0;
    const appended = this.#appendAll([request], { bytes: -freed, messages: freed === 0 ? 0 : -1 })[0]!;
    this.#state.shelf.add(source, [replaced]);
    this.#state.takeOut(source, [replaced]);
    this.#state.tell(source);
    return appended;
  }

  /** All that can be refused is refused before the first is put in; `usage` comes on top of what the account has. */
  #appendAll(requests: readonly AppendRequest[], usage: Usage = { bytes: 0, messages: 0 }): Appended[] {
    this.#state.change();
    const allFlags = requests.map(({ flags }) => parseFlags(flags));
    const planned = requests.map((request, place) => ({
      request,
      flags: allFlags[place]!,
      mailbox: this.#state.requireMailbox(request.mailboxId),
    }));
    const added = new Map<MemoryMailbox["account"], Usage>();
    for (const { request, mailbox: { account } } of planned) {
      const before = added.get(account) ?? usage;
      const next = { bytes: before.bytes + request.body.size, messages: before.messages + 1 };
      this.#state.requireRoom(account, next, request.quota);
      added.set(account, next);
    }
    for (const [mailbox, some] of Map.groupBy(planned, (one) => one.mailbox)) {
      const keywords = some.map(({ flags }) => flags.keywords);
      this.#state.requireRoomForKeywords(mailbox, keywords, some[0]!.request.keywordLimit);
    }
    return planned.map(({ request, flags, mailbox }) => {
      const body = takeBody(this.#state, request.body);
      const message = { ...flags, internalDate: request.internalDate, body };
      const { uid } = this.#state.addMessage(mailbox, message, mailbox.modseq + 1);
      this.#state.tell(mailbox);
      return { uid, uidValidity: mailbox.uidValidity };
    });
  }

  async setFlags(
    mailboxId: number,
    uids: UidRanges,
    change: FlagChange,
    options?: FlagOptions,
  ): Promise<{ readonly rows: readonly MessageRow[]; readonly modified: readonly number[] }> {
    this.#state.change();
    const parsed = parseChange(change);
    const mailbox = this.#state.requireMailbox(mailboxId);
    const unchangedSince = options?.unchangedSince ?? Infinity;
    const messages = messagesIn(mailbox, uids);
    const taken = messages.filter((message) => message.modseq <= unchangedSince);
    if (messages.length > 0 && change.kind !== "remove") {
      this.#state.requireRoomForKeywords(mailbox, [parsed.flags.keywords], options?.keywordLimit);
    }
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
      this.#state.shelf.add(mailbox, messages);
      this.#state.takeOut(mailbox, messages);
      this.#state.tell(mailbox);
    }
    return messages.map((message) => message.uid);
  }

  async copy(
    mailboxId: number,
    uids: UidRanges,
    toMailboxId: number,
    options?: TransferOptions,
  ): Promise<UidCopy> {
    return this.#transfer({ mailboxId, uids, toMailboxId, move: false, ...options });
  }

  async move(
    mailboxId: number,
    uids: UidRanges,
    toMailboxId: number,
    options?: TransferOptions,
  ): Promise<UidCopy> {
    return this.#transfer({ mailboxId, uids, toMailboxId, move: true, ...options });
  }

  #transfer(
    task: {
      readonly mailboxId: number;
      readonly uids: UidRanges;
      readonly toMailboxId: number;
      readonly move: boolean;
    } & TransferOptions,
  ): UidCopy {
    this.#state.change();
    const from = this.#state.requireMailbox(task.mailboxId);
    const to = this.#state.requireMailbox(task.toMailboxId);
    return transferMessages(this.#state, { ...task, from, to });
  }

  async changesSince(mailboxId: number, modseq: number, options: ChangesOptions = {}): Promise<Changes> {
    this.#state.use();
    const mailbox = this.#state.requireMailbox(mailboxId);
    const { uids } = options;
    const isMeant = (entry: { readonly uid: number; readonly modseq: number }) =>
      entry.modseq > modseq && (uids === undefined || inRanges(uids, entry.uid));
    return {
      highestModseq: mailbox.modseq,
      uidNext: mailbox.uidNext,
      changed: [...mailbox.messages.values()].filter(isMeant).map(showRow),
      vanished: mailbox.expunged.filter(isMeant).map((entry) => entry.uid).sort((a, b) => a - b),
    };
  }

  search(mailboxId: number, key: SearchKey, options?: SearchOptions): Promise<number[]> {
    return this.#sliced(mailboxId, options, (mailbox) => searchMailbox(mailbox, key, options), []);
  }

  sort(mailboxId: number, request: SortRequest, options?: SearchOptions): Promise<number[]> {
    return this.#sliced(mailboxId, options, (mailbox) => sortMailbox(mailbox, request), []);
  }

  thread(mailboxId: number, request: ThreadRequest, options?: SearchOptions): Promise<ThreadList> {
    const none = { uids: [], depths: [] };
    return this.#sliced(mailboxId, options, (mailbox) => threadMailbox(mailbox, request), none);
  }

  async #sliced<T>(
    mailboxId: number,
    options: SearchOptions | undefined,
    task: (mailbox: MemoryMailbox) => Generator<number, T>,
    none: T,
  ): Promise<T> {
    this.#state.use();
    options?.signal?.throwIfAborted();
    const mailbox = this.#state.mailboxes.get(mailboxId);
    if (mailbox === undefined) return none;
    const found = await runInSlices(task(mailbox), () => options?.signal?.aborted ?? false);
    options?.signal?.throwIfAborted();
    return found ?? none;
  }
}

function showRow(message: MemoryMessage): MessageRow {
  return {
    uid: message.uid,
    modseq: message.modseq,
    flags: listFlags(message.bits, message.keywords),
    internalDate: message.internalDate,
    size: message.body.bytes.length,
    bodyId: message.body.id,
    savedAt: message.savedAt,
  };
}
