import { parseFlags } from "../../flags.ts";
import type { SortRequest, ThreadList, ThreadRequest } from "../../ordering.ts";
import type { SearchOptions } from "../../search.ts";
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
} from "../../mod.ts";
import { concatNumbers } from "../../numbers.ts";
import { inRanges } from "../../ranges.ts";
import type { BodyArgument, ChangePage, NewMessageArgument } from "../protocol.ts";
import { unpackDigests, unpackRows, unpackShown } from "../rows.ts";
import type { Link } from "./link.ts";
import { inSlices, transfer, type TransferTask } from "./long_change.ts";
import { pagesOf } from "./pages.ts";
import { withBodies, withBody } from "./stage.ts";

const ALL_UIDS: UidRanges = [[1, 0xffffffff]];
/** Messages that come in by one write, and their bytes: as long as it takes, everybody else's writes wait. */
const AT_ONCE = 64;
const BYTES_AT_ONCE = 256 * 1024;

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

  async *flagTables(mailboxId: number, uids: UidRanges): AsyncGenerator<FlagTable, void> {
    const fetch = (rest: UidRanges) => this.#link.read("flagTable", { mailboxId, uids: rest });
    for await (const table of pagesOf(uids, fetch)) if (table.uids.length > 0) yield table;
  }

  async *rowsWithDigest(
    mailboxId: number,
    uids: UidRanges,
  ): AsyncGenerator<readonly MessageRowWithDigest[], void> {
    for await (const page of pagesOf(uids, (rest) => this.#link.read("digests", { mailboxId, uids: rest }))) {
      if (page.count > 0) yield unpackDigests(page);
    }
  }

  async *shownRows(
    mailboxId: number,
    uids: UidRanges,
    { texts, utf8 }: ShownOptions,
  ): AsyncGenerator<readonly ShownRow[], void> {
    const fetch = (rest: UidRanges) => this.#link.read("shown", { mailboxId, uids: rest, texts, utf8 });
    for await (const page of pagesOf(uids, fetch)) {
      if (page.count > 0) yield unpackShown(page);
    }
  }

  async append(request: AppendRequest): Promise<Appended> {
    return (await this.#appendAtOnce([request]))[0]!;
  }

  /** By one commit where they are few and small. Else the bodies go to the disk before, so that no write is as long as all of them. */
  appendMany(requests: readonly AppendRequest[]): Promise<Appended[]> {
    const bytes = requests.reduce((sum, { body }) => sum + body.size, 0);
    const areSmall = requests.length <= AT_ONCE && bytes <= BYTES_AT_ONCE;
    return areSmall || requests.length === 1 ? this.#appendAtOnce(requests) : this.#appendApart(requests);
  }

  #appendAtOnce(requests: readonly AppendRequest[]): Promise<Appended[]> {
    return this.#link.task(() =>
      withBodies(requests.map(({ body }) => body), (bodies, cargo) => {
        const messages = requests.map((request, place) => newMessage(request, bodies[place]!));
        return this.#link.writer.do("append", { messages }, cargo);
      })
    );
  }

  #appendApart(requests: readonly AppendRequest[]): Promise<Appended[]> {
    return this.#link.task(async () => {
      const { writer } = this.#link;
      for (const { flags } of requests) parseFlags(flags);
      const bodies = await Promise.allSettled(
        requests.map(({ body }) =>
          withBody(body, (argument, cargo) => writer.do("storeStaged", { body: argument }, cargo))
        ),
      );
      try {
        const messages = requests.map((request, place) => {
          const body = bodies[place]!;
          if (body.status === "rejected") throw body.reason;
          return newMessage(request, { kind: "stored", bodyId: body.value });
        });
        return await writer.do("append", { messages });
      } catch (error) {
        for (const body of bodies) {
          if (body.status === "fulfilled") await writer.do("discardBody", { bodyId: body.value });
        }
        throw error;
      }
    });
  }

  replace(request: ReplaceRequest): Promise<Appended> {
    const { source, uid } = request;
    return this.#link.task(() =>
      withBody(
        request.body,
        (body, cargo) =>
          this.#link.writer.do("replace", { source, uid, message: newMessage(request, body) }, cargo),
      )
    );
  }

  setFlags(
    mailboxId: number,
    uids: UidRanges,
    change: FlagChange,
    options: FlagOptions = {},
  ): Promise<{ readonly rows: readonly MessageRow[]; readonly modified: readonly number[] }> {
    const asked = {
      mailboxId,
      change,
      unchangedSince: options.unchangedSince ?? null,
      keywordLimit: options.keywordLimit ?? null,
    };
    return this.#link.task(async () => {
      const rows: MessageRow[] = [];
      const modified: number[] = [];
      await inSlices(uids, async (part) => {
        const slice = await this.#link.writer.doSlice("setFlags", { ...asked, uids: part });
        for (const row of unpackRows(slice.rows)) rows.push(row);
        for (const uid of slice.modified) modified.push(uid);
        return slice;
      });
      return { rows, modified };
    });
  }

  expunge(
    mailboxId: number,
    uids: UidRanges,
    options?: { readonly any?: boolean },
  ): Promise<readonly number[]> {
    const any = options?.any ?? false;
    return this.#link.task(async () => {
      const removed: Uint32Array[] = [];
      await inSlices(uids, async (part) => {
        const slice = await this.#link.writer.doSlice("expunge", { mailboxId, uids: part, any });
        removed.push(slice.uids);
        return slice;
      });
      return concatNumbers(removed);
    });
  }

  copy(
    mailboxId: number,
    uids: UidRanges,
    toMailboxId: number,
    options?: TransferOptions,
  ): Promise<UidCopy> {
    const task = { mailboxId, uids, toMailboxId, move: false, ...transferOptions(options) };
    return this.#link.task(() => transfer(this.#link, task));
  }

  move(
    mailboxId: number,
    uids: UidRanges,
    toMailboxId: number,
    options?: TransferOptions,
  ): Promise<UidCopy> {
    const task = { mailboxId, uids, toMailboxId, move: true, ...transferOptions(options) };
    return this.#link.task(() => transfer(this.#link, task));
  }

  changesSince(mailboxId: number, modseq: number, { uids }: ChangesOptions = {}): Promise<Changes> {
    const isMeant = (uid: number) => uids === undefined || inRanges(uids, uid);
    return this.#link.task(async () => {
      const changed: MessageRow[] = [];
      let page: ChangePage;
      let after: ChangePage["next"] = null;
      do {
        page = await this.#link.readers.do("changes", { mailboxId, modseq, after });
        for (const row of unpackRows(page.rows)) if (isMeant(row.uid)) changed.push(row);
        after = page.next;
      } while (after !== null);
      const { highestModseq, uidNext } = page;
      const vanished = page.vanishedComplete
        ? Array.from(page.vanished).filter(isMeant)
        : await this.#missing(mailboxId, uids ?? ALL_UIDS, uidNext);
      return { highestModseq, uidNext, changed: lastOfEach(changed, vanished), vanished };
    });
  }

  /** The UIDs below `uidNext`, in the ranges, that are not there. */
  async #missing(mailboxId: number, uids: UidRanges, uidNext: number): Promise<number[]> {
    const view = await this.#link.readers.do("view", { mailboxId });
    const present = view?.uids ?? new Uint32Array(0);
    const missing: number[] = [];
    // Both ascend: a set of a million UIDs would be a tenth of a second of everybody's time.
    let place = 0;
    for (const [from, to] of uids) {
      const last = Math.min(to, uidNext - 1);
      while (place < present.length && present[place]! < from) place++;
      for (let uid = from; uid <= last; uid++) {
        if (present[place] === uid) place++;
        else missing.push(uid);
      }
    }
    return missing;
  }

  async search(
    mailboxId: number,
    key: SearchKey,
    options?: SearchOptions,
  ): Promise<number[]> {
    return Array.from(await this.#link.read("search", { mailboxId, key }, options));
  }

  async sort(mailboxId: number, request: SortRequest, options?: SearchOptions): Promise<number[]> {
    return Array.from(await this.#link.read("sort", { mailboxId, request }, options));
  }

  async thread(mailboxId: number, request: ThreadRequest, options?: SearchOptions): Promise<ThreadList> {
    const { uids, depths } = await this.#link.read("thread", { mailboxId, request }, options);
    return { uids: Array.from(uids), depths: Array.from(depths) };
  }
}

function transferOptions(
  { quota, keeps, keywordLimit }: TransferOptions = {},
): Pick<TransferTask, "quota" | "keeps" | "keywordLimit"> {
  return { quota: quota ?? null, keeps: keeps ?? null, keywordLimit: keywordLimit ?? null };
}

function newMessage(request: AppendRequest, body: BodyArgument): NewMessageArgument {
  const { mailboxId, internalDate, quota = null, keywordLimit = null } = request;
  return { mailboxId, body, ...parseFlags(request.flags), internalDate, quota, keywordLimit };
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
