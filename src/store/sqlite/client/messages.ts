import { parseFlags } from "../../flags.ts";
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
} from "../../mod.ts";
import type { ChangePage } from "../protocol.ts";
import { unpackDigests, unpackRows } from "../rows.ts";
import type { Link } from "./link.ts";
import { pagesOf } from "./pages.ts";
import { withBody } from "./stage.ts";

export class SqliteMessages implements MessageStore {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  open(mailboxId: number, options?: { readonly claimRecent?: boolean }): Promise<MailboxView | null> {
    return this.#link.task(async () => {
      const view = await this.#link.readers.do("view", { mailboxId });
      if (view === null || options?.claimRecent !== true) return view;
      const { mailbox } = view;
      if (mailbox.recentFrom >= mailbox.uidNext) return view;
      // Another session may have claimed them meanwhile: what the writer says counts.
      const recentFrom = await this.#link.writer.do("claimRecent", { mailboxId });
      return { ...view, mailbox: { ...mailbox, recentFrom } };
    });
  }

  async *rows(mailboxId: number, uids: UidRanges): AsyncGenerator<readonly MessageRow[], void> {
    for await (const page of pagesOf(uids, (rest) => this.#link.read("rows", { mailboxId, uids: rest }))) {
      if (page.count > 0) yield unpackRows(page);
    }
  }

  async *rowsWithDigest(
    mailboxId: number,
    uids: UidRanges,
  ): AsyncGenerator<readonly MessageRowWithDigest[], void> {
    for await (const page of pagesOf(uids, (rest) => this.#link.read("digests", { mailboxId, uids: rest }))) {
      if (page.count > 0) yield unpackDigests(page);
    }
  }

  append(request: AppendRequest): Promise<{ readonly uid: number; readonly uidValidity: number }> {
    const { mailboxId, internalDate } = request;
    return this.#link.task(async () => {
      const flags = parseFlags(request.flags);
      return await withBody(
        request.body,
        (body, cargo) => this.#link.writer.do("append", { mailboxId, body, ...flags, internalDate }, cargo),
      );
    });
  }

  async setFlags(
    mailboxId: number,
    uids: UidRanges,
    change: FlagChange,
    options?: { readonly unchangedSince?: number },
  ): Promise<{ readonly rows: readonly MessageRow[]; readonly modified: readonly number[] }> {
    const unchangedSince = options?.unchangedSince ?? null;
    const result = await this.#link.write("setFlags", { mailboxId, uids, change, unchangedSince });
    return { rows: unpackRows(result.rows), modified: result.modified };
  }

  expunge(
    mailboxId: number,
    uids: UidRanges,
    options?: { readonly any?: boolean },
  ): Promise<readonly number[]> {
    return this.#link.write("expunge", { mailboxId, uids, any: options?.any ?? false });
  }

  copy(mailboxId: number, uids: UidRanges, toMailboxId: number): Promise<UidCopy> {
    return this.#link.write("copy", { mailboxId, uids, toMailboxId, move: false });
  }

  move(mailboxId: number, uids: UidRanges, toMailboxId: number): Promise<UidCopy> {
    return this.#link.write("copy", { mailboxId, uids, toMailboxId, move: true });
  }

  changesSince(mailboxId: number, modseq: number): Promise<Changes> {
    return this.#link.task(async () => {
      const changed: MessageRow[] = [];
      let page: ChangePage;
      let after: ChangePage["next"] = null;
      do {
        page = await this.#link.readers.do("changes", { mailboxId, modseq, after });
        for (const row of unpackRows(page.rows)) changed.push(row);
        after = page.next;
      } while (after !== null);
      const { highestModseq, uidNext } = page;
      const vanished = Array.from(page.vanished);
      return { highestModseq, uidNext, changed: lastOfEach(changed, vanished), vanished };
    });
  }

  async search(
    mailboxId: number,
    key: SearchKey,
    options?: { readonly signal?: AbortSignal },
  ): Promise<number[]> {
    return Array.from(await this.#link.read("search", { mailboxId, key }, options?.signal));
  }
}

/** Rows in the order of their changes as rows in the order of UIDs, each as it was last, without those that vanished. */
function lastOfEach(changed: readonly MessageRow[], vanished: readonly number[]): readonly MessageRow[] {
  const gone = new Set(vanished);
  const isTidy = changed.every((row, place) =>
    !gone.has(row.uid) && (place === 0 || row.uid > changed[place - 1]!.uid)
  );
  // Nearly always: new mail, or one change of many.
  if (isTidy) return changed;
  const last = new Map(changed.map((row) => [row.uid, row]));
  for (const uid of vanished) last.delete(uid);
  return [...last.values()].sort((a, b) => a.uid - b.uid);
}
