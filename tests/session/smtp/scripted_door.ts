/**
 * A door for tests of the SMTP session. It has three mailboxes in example.com, relays for whoever logged in, and what
 * else it does the recipient's name says: see `checkRecipient` and `submit`. It keeps what it took.
 */
import { type Address, formatAddress, type ReversePath } from "../../../src/core/address.ts";
import { concatBytes, decodeUtf8 } from "../../../src/core/bytes.ts";
import type { Envelope } from "../../../src/core/envelope.ts";
import { Refusal } from "../../../src/core/errors.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import type { SubmitContext } from "../../../src/core/ports.ts";
import { reply } from "../../../src/core/reply.ts";
import type { Door, Visitor } from "../../../src/intake/door.ts";

export interface Taken {
  readonly envelope: Envelope;
  readonly context: SubmitContext;
  readonly body: string;
}

const MAILBOXES = new Set(["alice", "bob", "postmaster", "refused", "broken", "hasty", "later", "ü", "a b"]);

export class ScriptedDoor implements Door {
  readonly taken: Taken[] = [];

  checkSender(sender: ReversePath, visitor: Visitor): void {
    if (visitor.account !== null && formatAddress(sender) !== visitor.account) {
      throw Refusal.of(553, "5.7.1", "Not your address");
    }
  }

  checkRecipient(recipient: Address, _sender: ReversePath, visitor: Visitor): Promise<void> {
    const { local, domain } = recipient;
    if (local === "crash") return Promise.reject(new Error("The directory fell over: hidden detail"));
    if (domain === "mx.example.com" || domain === "[192.0.2.1]") return Promise.resolve();
    if (domain !== "example.com") {
      if (visitor.account !== null) return Promise.resolve();
      return Promise.reject(Refusal.of(550, "5.7.1", "Relaying denied", "open relay try"));
    }
    if (local === "full") return Promise.reject(Refusal.of(452, "4.2.2", "Mailbox full"));
    if (MAILBOXES.has(local.toLowerCase()) || local.startsWith("user")) return Promise.resolve();
    return Promise.reject(Refusal.of(550, "5.1.1", "No such user here"));
  }

  async submit(
    envelope: Envelope,
    message: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    context: SubmitContext,
  ): Promise<Outcome[]> {
    const first = envelope.recipients[0]!.local;
    if (first === "hasty") throw Refusal.of(554, "5.7.1", "Refused without a look at it");
    const chunks: Uint8Array[] = [];
    for await (const chunk of message) {
      chunks.push(chunk);
      if (first === "broken") throw new Error("The disk fell off: hidden detail");
    }
    if (first === "refused") throw Refusal.of(554, "5.7.1", "We do not like this message", "private reason");
    this.taken.push({ envelope, context, body: decodeUtf8(concatBytes(chunks)) });
    return envelope.recipients.map((recipient): Outcome =>
      recipient.local === "later"
        ? { recipient, kind: "deferred", reply: reply(451, "4.7.1", "Not now"), host: null }
        : { recipient, kind: "stored", reply: reply(250, "2.0.0", "Stored"), host: null }
    );
  }
}

/** One line that says what was taken, as the dialogues write it. */
export function summarize({ envelope, context, body }: Taken): string {
  return [
    `from=<${formatAddress(envelope.sender)}>`,
    `to=${envelope.recipients.map((address) => `<${formatAddress(address)}>`).join(",")}`,
    `protocol=${context.protocol}`,
    `account=${context.account ?? "-"}`,
    `8bit=${envelope.eightBit} utf8=${envelope.smtputf8}`,
    `body=${JSON.stringify(body)}`,
    ...extras(envelope),
  ].join(" ");
}

/** What the extensions add, where somebody used them. */
function extras({ binary, requireTls, holdUntil, dsn }: Envelope): string[] {
  const words: string[] = [];
  if (binary === true) words.push("binary");
  if (requireTls === true) words.push("requiretls");
  if (holdUntil !== undefined) words.push(`hold=${new Date(holdUntil).toISOString()}`);
  if (dsn !== undefined) {
    words.push(`ret=${dsn.returns} envid=${JSON.stringify(dsn.envelopeId)}`);
    for (const { notify, originalRecipient } of dsn.recipients) {
      words.push(`notify=${notify?.join(",") ?? "-"} orcpt=${originalRecipient ?? "-"}`);
    }
  }
  return words;
}
