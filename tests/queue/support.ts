import type { Address } from "../../src/core/address.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import { type EnhancedCode, reply } from "../../src/core/reply.ts";
import type { QueuedMessage, QueuedRecipient } from "../../src/store/mod.ts";
import { TEST_NOW } from "../support/fakes.ts";

export function address(text: string): Address {
  const at = text.lastIndexOf("@");
  return { local: text.slice(0, at), domain: text.slice(at + 1) };
}

export function recipient(text: string, options: Partial<QueuedRecipient> = {}): QueuedRecipient {
  return {
    index: 0,
    address: address(text),
    attempts: 0,
    nextAttemptAt: TEST_NOW,
    held: false,
    delayNotified: false,
    lastReply: null,
    lastHost: null,
    ...options,
  };
}

export function message(
  recipients: readonly QueuedRecipient[],
  options: Partial<QueuedMessage> = {},
): QueuedMessage {
  return {
    id: "m1",
    bodyId: 1,
    size: 100,
    skip: 0,
    sender: address("alice@here.test"),
    smtputf8: false,
    eightBit: false,
    queuedAt: TEST_NOW,
    recipients: recipients.map((one, index) => ({ ...one, index })),
    ...options,
  };
}

export const HOST = "mx.there.test [192.0.2.1]";

const KINDS = { 2: "relayed", 4: "deferred", 5: "failed" } as const;

/** `outcome("bob@there.test", "550 5.1.1 No such user")`. */
export function outcome(to: string | Address, said: string, host: string | null = HOST): Outcome {
  const [code = "", enhanced = "", ...words] = said.split(" ");
  return {
    recipient: typeof to === "string" ? address(to) : to,
    kind: KINDS[code[0] as "2" | "4" | "5"],
    reply: reply(Number(code), enhanced as EnhancedCode, words.join(" ")),
    host,
  };
}
