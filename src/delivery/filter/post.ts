import { type Address, formatAddress, needsSmtpUtf8 } from "../../core/address.ts";
import { makeId } from "../../core/id.ts";
import { findTarget, INBOX } from "./decide.ts";
import type { FilterAccount, FilterDeps } from "./deps.ts";
import { type Letter, namedAddress, writeLetter } from "./letter.ts";
import { AccountMailboxes } from "./mailboxes.ts";
import type { FileCopy } from "../sieve/actions.ts";
import type { SpacedFact } from "../../store/mod.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

interface SentAbout {
  readonly id: string;
  readonly event: string;
  /** The id of the message that caused it. */
  readonly message: string;
  /** The account whose rules are not asked: what is wrong with a script is no mail for that script. */
  readonly unfiltered?: string;
  /** To be kept in the same commit. */
  readonly facts?: readonly SpacedFact[];
}

/** Sends what the filter writes, and counts it. Nothing here rejects: the message that caused it has been delivered. */
export class Post {
  readonly #deps: FilterDeps;

  constructor(deps: FilterDeps) {
    this.#deps = deps;
  }

  /** A name for a letter that is about to be written. */
  newId(): { readonly id: string; readonly hostname: string; readonly now: number } {
    const { clock, random, hostname } = this.#deps;
    return { id: makeId(clock, random), hostname, now: clock.now() };
  }

  /** From the null sender, so that it is answered by nobody (RFC 5230 section 5.1, RFC 5436 section 2.1). */
  async send(letter: Letter, about: SentAbout): Promise<Uint8Array | null> {
    const recipients = [...letter.to, ...letter.cc ?? []];
    const to = recipients.map(formatAddress);
    const bytes = writeLetter(letter);
    try {
      await this.#deps.submit(
        { sender: null, recipients, smtputf8: recipients.some(needsSmtpUtf8), eightBit: isEightBit(bytes) },
        [bytes],
        {
          id: about.id,
          sessionId: about.message,
          origin: "report",
          protocol: "",
          client: null,
          account: null,
          tls: null,
          about: about.message,
          ...(about.facts === undefined ? {} : { facts: about.facts }),
          ...(about.unfiltered === undefined
            ? {}
            : { place: { account: about.unfiltered, mailbox: INBOX, filters: false } }),
        },
      );
      this.#deps.log.info(about.event, { message: about.message, to, answer: about.id });
      return bytes;
    } catch (error) {
      this.#deps.log.warn(`${about.event}-failed`, {
        message: about.message,
        to,
        error: String(error),
      });
      return null;
    }
  }

  /** RFC 8580: a copy of what was sent. */
  async file(account: FilterAccount, copy: FileCopy, bytes: Uint8Array): Promise<void> {
    const { store, clock, log } = this.#deps;
    try {
      const mailboxes = new AccountMailboxes(store, account.name);
      const name = await findTarget(copy, mailboxes);
      const mailbox = name === null ? null : await mailboxes.named(name) ??
        await store.mailboxes.create(account.name, name);
      if (mailbox === null) return;
      const stage = store.bodies.stage();
      // Without effect once it is stored.
      using _ = { [Symbol.dispose]: () => stage.discard() };
      await stage.write(bytes);
      await store.messages.append({
        mailboxId: mailbox.id,
        body: stage.seal(),
        flags: copy.flags,
        internalDate: clock.now(),
        quota: { bytes: account.quota, messages: account.quotaMessages ?? null },
      });
    } catch (error) {
      log.warn("sieve-copy-failed", { account: account.name, error: String(error) });
    }
  }

  /** Counts so many more; false when the account has sent what it may in a day. */
  async maySend(account: string, count = 1): Promise<boolean> {
    const { store, clock, settings } = this.#deps;
    const expiresAt = clock.now() + DAY_MS;
    const sent = await store.facts.add("sieve-sent", { key: account, by: count, expiresAt });
    return sent <= settings.current.filter.sentPerDay;
  }

  /** Tells the owner, once a day, what is wrong with the scripts. */
  async tellOwner(
    account: FilterAccount,
    problem: { readonly text: string; readonly message: string },
  ): Promise<void> {
    const { store, clock, hostname, log } = this.#deps;
    log.warn("sieve-problem", { account: account.name, problem: problem.text, message: problem.message });
    const expiresAt = clock.now() + DAY_MS;
    const told = await store.facts.add("sieve-told", { key: account.name, by: 1, expiresAt });
    if (told > 1) return;
    const place = this.newId();
    const postmaster: Address = { local: "postmaster", domain: hostname };
    await this.send({
      from: namedAddress(postmaster, "Mailden"),
      to: [account.address],
      subject: "A problem with your mail filter",
      // RFC 3834 section 5.
      extra: ["Auto-Submitted: auto-generated"],
      messageId: `${place.id}@${hostname}`,
      now: place.now,
      text: noticeText(problem.text),
    }, { id: place.id, event: "sieve-owner-told", message: problem.message, unfiltered: account.name });
  }
}

function isEightBit(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte > 127);
}

export function noticeText(problem: string): string {
  return `A filter script (Sieve) that acts on your mail had a problem with a message:

    ${problem}

Nothing was lost: what the script could not do was left undone, and the message
is in your INBOX. You are told of such problems once a day.

To see what your script does with a message, ask your postmaster for
"mailden sieve test", or change the script with your mail program.
`;
}
