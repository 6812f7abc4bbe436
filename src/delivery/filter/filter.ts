import type { Address } from "../../core/address.ts";
import {
  type Filter,
  type FilterDecision,
  type FilteredDelivery,
  type FilterRequest,
  UNEDITED,
} from "../../core/filter.ts";
import { reply } from "../../core/reply.ts";
import type { AwayNote, SpacedFact, StandingScripts, Usage } from "../../store/mod.ts";
import { headerFields } from "../../wire/mime/mod.ts";
import { fieldOf, isAutomatic, isMachine } from "./auto_reply.ts";
import { decide, type Decided, INBOX } from "./decide.ts";
import type { FilterAccount, FilterDeps } from "./deps.ts";
import { AccountMailboxes } from "./mailboxes.ts";
import { type OpenedMessage, openMessage } from "./message.ts";
import { isAboutAutomatic, type NotifyAction, notifyLetter } from "./notify.ts";
import { Post } from "./post.ts";
import { duplicateKey, DUPLICATES, runScripts } from "./run.ts";
import { ScriptShelf } from "./shelf.ts";
import {
  type VacationAction,
  type VacationCase,
  vacationKey,
  vacationLetter,
  whyNoAnswer,
} from "./vacation.ts";

const KEPT: FilterDecision = {
  local: [{ mailbox: INBOX, flags: [], message: UNEDITED }],
  redirects: [],
  refusal: null,
  afterwards: null,
};

/** Who was answered. */
const VACATION = "vacation";
/** An away note answers the same sender once a week. */
const AWAY_SECONDS = 7 * 24 * 60 * 60;
/** Lines of a reason that go into an SMTP reply, and characters of each. */
const REASON_LINES = 10;
const REASON_LENGTH = 200;

/** Runs each account's Sieve scripts, and says what they come to. */
export class SieveFilter implements Filter {
  readonly #deps: FilterDeps;
  readonly #shelf: ScriptShelf;
  readonly #post: Post;
  /** Answers on their way to the disk, by their keys: nobody is given two at once. */
  readonly #answering = new Set<string>();

  constructor(deps: FilterDeps) {
    this.#deps = deps;
    this.#shelf = new ScriptShelf(deps.store.scripts);
    this.#post = new Post(deps);
  }

  hasRules(account: string): boolean | Promise<boolean> {
    const { before, after } = this.#deps.global.current;
    if (before !== null || after !== null) return true;
    const standing = this.#deps.store.scripts.standing(account);
    return standing instanceof Promise ? standing.then(isStanding) : isStanding(standing);
  }

  async judge(request: FilterRequest): Promise<FilterDecision> {
    try {
      return await this.#judge(request);
    } catch (error) {
      this.#deps.log.error("filter-failed", { account: request.account, error: String(error) });
      return KEPT;
    }
  }

  async #judge(request: FilterRequest): Promise<FilterDecision> {
    const account = this.#deps.accounts.find(request.account);
    if (account === null) return KEPT;
    const { store } = this.#deps;
    const rest = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
    const message = await openMessage(request.message, rest);
    const mailboxes = new AccountMailboxes(store, account.name);
    const { actions, error } = await runScripts({
      deps: this.#deps,
      shelf: this.#shelf,
      account,
      request,
      message,
      mailboxes,
      rest,
    });
    const decided = await decide(actions, mailboxes);
    if (decided.reject !== null) return refused(decided.reject.reason, { request, message });
    const { local, redirects, problems } = await this.#within(account, { decided, request, message });
    if (error !== null) problems.push(error);
    const vacation = decided.vacation ?? await this.#awayAnswer(account, local);
    return {
      local,
      redirects: redirects.map(({ address, message }) => ({ to: address, message })),
      refusal: null,
      afterwards: () => this.#afterwards(account, { decided, vacation, request, message, problems }),
    };
  }

  /** What the account may have and do bounds what its scripts want. */
  async #within(
    account: FilterAccount,
    { decided, request, message }: JudgedMessage,
  ): Promise<{ local: FilteredDelivery[]; redirects: Decided["redirects"]; problems: string[] }> {
    const problems = decided.missing.map((name) => `There is no mailbox "${name}" to file into`);
    let local = [...decided.local];
    const [messages, bytes] = [local.length, local.length * request.message.size];
    if (messages > 1 && !await this.#hasRoom(account, { messages, bytes })) {
      problems.push("The mailboxes are nearly full, so only one copy was filed");
      local = [local[0]!];
    }
    const redirects: Decided["redirects"][number][] = [];
    for (const redirect of decided.redirects) {
      const problem = await this.#whyNoRedirect(account, message);
      if (problem === null) redirects.push(redirect);
      else {
        problems.push(problem);
        if (!local.some(({ mailbox }) => mailbox === INBOX)) {
          local.push({ mailbox: INBOX, flags: [], message: redirect.message });
        }
      }
    }
    return { local, redirects, problems };
  }

  async #hasRoom({ name, quota, quotaMessages = null }: FilterAccount, more: Usage): Promise<boolean> {
    if (quota === null && quotaMessages === null) return true;
    const { bytes, messages } = await this.#deps.store.accounts.usage(name);
    return (quota === null || bytes + more.bytes <= quota) &&
      (quotaMessages === null || messages + more.messages <= quotaMessages);
  }

  /** RFC 5228 section 4.2: loops are the deliverer's business. */
  async #whyNoRedirect(account: FilterAccount, { fields }: OpenedMessage): Promise<string | null> {
    const isBack = fields.some(({ name, value }) =>
      name === "delivered-to" && value.trim().toLowerCase() === account.name
    );
    if (isBack) return "A message that was sent on before came back, so it was not sent on again";
    if (await this.#post.maySend(account.name)) return null;
    return "More messages were to be sent on than an account may in a day";
  }

  async #awayAnswer(
    account: FilterAccount,
    local: readonly FilteredDelivery[],
  ): Promise<VacationAction | null> {
    const { scripts } = this.#deps.store;
    const { away: version } = await scripts.standing(account.name);
    // Who discards a message does not want to answer it.
    if (version === null || local.length === 0) return null;
    const note = await scripts.away(account.name);
    const now = this.#deps.clock.now();
    if (note === null || now < (note.from ?? 0) || now > (note.until ?? Infinity)) return null;
    return awayAction(note, version);
  }

  // ---- When the message is in the mailboxes ----

  async #afterwards(
    account: FilterAccount,
    { decided, vacation, problems, ...about }: Afterwards,
  ): Promise<void> {
    const { store, clock, log } = this.#deps;
    try {
      for (const { id, seconds } of decided.duplicates) {
        const key = duplicateKey(account.name, id);
        await store.facts.put(DUPLICATES, { key, value: "", expiresAt: clock.now() + seconds * 1000 });
      }
      if (vacation !== null) await this.#answer(account, { action: vacation, ...about });
      for (const action of decided.notices) await this.#notify(account, { action, ...about });
      const [problem] = problems;
      if (problem !== undefined) {
        await this.#post.tellOwner(account, { text: problem, message: about.request.context.id });
      }
    } catch (error) {
      log.error("filter-failed", { account: account.name, error: String(error) });
    }
  }

  async #answer(
    account: FilterAccount,
    { action, request, message }: { action: VacationAction; request: FilterRequest; message: OpenedMessage },
  ): Promise<void> {
    const { store, clock, log } = this.#deps;
    const { sender, context: { id: cause } } = request;
    const isOwn = (address: Address) => this.#deps.accounts.owns(account.name, address);
    const fields = fieldsFor(action, message);
    const vacation = { action, account, sender, recipient: request.recipient, fields, isOwn };
    const reason = whyNoAnswer(vacation);
    if (sender === null || reason !== null) {
      return log.info("vacation-silent", { message: cause, account: account.name, reason });
    }
    // RFC 6131 section 2: without a period each message is answered, so the account's own bound must hold.
    if (action.period === 0) {
      if (await this.#post.maySend(account.name)) await this.#giveAnswer(vacation, { cause, facts: [] });
      return;
    }
    const key = await vacationKey(account.name, sender, action.handle);
    if (this.#answering.has(key)) return;
    this.#answering.add(key);
    try {
      if (await store.facts.get(VACATION, key) !== null) return;
      const expiresAt = clock.now() + action.period * 1000;
      // One commit with the answer, so that a crash neither loses nor repeats it (RFC 5230 section 4.2).
      await this.#giveAnswer(vacation, { cause, facts: [{ space: VACATION, key, value: "", expiresAt }] });
    } finally {
      this.#answering.delete(key);
    }
  }

  async #giveAnswer(
    vacation: VacationCase,
    { cause, facts }: { readonly cause: string; readonly facts: readonly SpacedFact[] },
  ): Promise<void> {
    const { account, action } = vacation;
    const place = this.#post.newId();
    const about = { id: place.id, event: "vacation-sent", message: cause, facts };
    const sent = await this.#post.send(vacationLetter(vacation, place), about);
    if (sent !== null && action.copy !== null) await this.#post.file(account, action.copy, sent);
  }

  async #notify(
    account: FilterAccount,
    { action, request, message }: { action: NotifyAction; request: FilterRequest; message: OpenedMessage },
  ): Promise<void> {
    const fields = fieldsFor(action, message);
    if (isAboutAutomatic(fields)) return;
    const isOwn = (address: Address) => this.#deps.accounts.owns(account.name, address);
    const place = this.#post.newId();
    const letter = notifyLetter({ action, account, fields, isOwn }, place);
    if (letter === null) return;
    const count = letter.to.length + (letter.cc?.length ?? 0);
    if (!await this.#post.maySend(account.name, count)) return;
    const about = { id: place.id, event: "notice-sent", message: request.context.id };
    const sent = await this.#post.send(letter, about);
    if (sent !== null && action.copy !== null) await this.#post.file(account, action.copy, sent);
  }
}

interface JudgedMessage {
  readonly decided: Decided;
  readonly request: FilterRequest;
  readonly message: OpenedMessage;
}

interface Afterwards extends JudgedMessage {
  readonly vacation: VacationAction | null;
  readonly problems: readonly string[];
}

/** The header as the script had made it when it asked for an answer or a notice (RFC 5293 section 7). */
function fieldsFor({ header }: VacationAction | NotifyAction, { fields }: OpenedMessage) {
  return header === null ? fields : headerFields(header);
}

/** RFC 5429 section 2.1; the reason is public. */
function refused(
  reason: string,
  { request: { sender }, message: { fields } }: Pick<Afterwards, "request" | "message">,
): FilterDecision {
  const lines = reason.split(/\r?\n/)
    // Section 2.2: what is not ASCII needs SMTPUTF8, which not every sender offers.
    .map((line) => line.replace(/[^\x20-\x7e]/g, "?").trim().slice(0, REASON_LENGTH))
    .filter((line) => line !== "")
    .slice(0, REASON_LINES);
  const text = lines.length === 0 ? ["The recipient does not want this message"] : lines;
  const mayReport = sender !== null && !isMachine(sender) && !isAutomatic(fields) &&
    fieldOf(fields, "list-id") === null;
  return {
    local: [],
    redirects: [],
    refusal: { reply: reply(550, "5.7.1", text), mayReport },
    afterwards: null,
  };
}

function isStanding({ active, away }: StandingScripts): boolean {
  return active !== null || away !== null;
}

function awayAction({ text, subject }: AwayNote, version: number): VacationAction {
  return {
    kind: "vacation",
    period: AWAY_SECONDS,
    subject,
    from: null,
    addresses: [],
    isMime: false,
    reason: text,
    handle: `away:${version}`,
    copy: null,
    header: null,
  };
}
