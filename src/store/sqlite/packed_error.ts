import { Refusal } from "../../core/errors.ts";
import { type EnhancedCode, reply } from "../../core/reply.ts";
import { MailboxExists, NoSuchMailbox, NoSuchMessage, StoreDamaged, StoreFull } from "../errors.ts";
import { NoSuchScript, ScriptExists, ScriptIsActive } from "../scripts.ts";
import { isDamage, isFull } from "./database.ts";
import type { PackedError } from "./protocol.ts";

/** Makes an error of a worker ready for the main thread. */
export function packError(error: unknown): PackedError {
  if (error instanceof NoSuchMailbox) return { kind: "noSuchMailbox" };
  if (error instanceof NoSuchMessage) return { kind: "noSuchMessage" };
  if (error instanceof MailboxExists) return { kind: "mailboxExists" };
  if (error instanceof NoSuchScript) return { kind: "noSuchScript" };
  if (error instanceof ScriptExists) return { kind: "scriptExists" };
  if (error instanceof ScriptIsActive) return { kind: "scriptIsActive" };
  if (isFull(error)) return { kind: "full", reason: messageOf(error) };
  if (isDamage(error)) return { kind: "damaged", reason: messageOf(error) };
  if (error instanceof Refusal) {
    const { code, enhanced, lines } = error.reply;
    return { kind: "refusal", code, enhanced, text: lines.join(" "), reason: error.reason };
  }
  return { kind: "fault", message: messageOf(error) };
}

export function unpackError(packed: PackedError): Error {
  switch (packed.kind) {
    case "noSuchMailbox":
      return new NoSuchMailbox();
    case "noSuchMessage":
      return new NoSuchMessage();
    case "mailboxExists":
      return new MailboxExists();
    case "noSuchScript":
      return new NoSuchScript();
    case "scriptExists":
      return new ScriptExists();
    case "scriptIsActive":
      return new ScriptIsActive();
    case "full":
      return new StoreFull(packed.reason);
    case "damaged":
      return new StoreDamaged(packed.reason);
    case "refusal":
      return new Refusal(
        reply(packed.code, packed.enhanced as EnhancedCode | null, packed.text),
        packed.reason,
      );
    case "fault":
      return new Error(`The store failed: ${packed.message}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
