/** Runs a script on a message, without a mail server around it. */
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import {
  type Action,
  compileSieve,
  defaultSieveRunLimits,
  runSieve,
  type SieveInput,
  type SieveResult,
  type SieveRunLimits,
} from "../../../src/delivery/sieve/mod.ts";
import { parseMessage } from "../../../src/wire/mime/mod.ts";
import { parsePath } from "../../../src/wire/smtp/mod.ts";

/** Line ends may be LF. */
export function makeInput(message: string, changes: Partial<SieveInput> = {}): SieveInput {
  const bytes = encodeUtf8(message.replaceAll(/\r?\n/g, "\r\n"));
  return {
    message: {
      size: bytes.length,
      digest: parseMessage(bytes),
      read: (start, end) => Promise.resolve(bytes.slice(start, end)),
    },
    envelope: {
      from: parsePath("<bob@example.org>"),
      to: parsePath("<alice+work@example.com>")!,
      auth: null,
    },
    owner: parsePath("<alice@example.com>")!,
    separatorOf: () => "+",
    now: Date.UTC(2026, 10, 22, 12, 30, 15),
    boundary: "b0",
    zoneMinutes: 0,
    environment: new Map(),
    spamPercent: null,
    virusLevel: 0,
    mailboxes: {
      exists: (name) => Promise.resolve(["INBOX", "Work", "Junk"].includes(name)),
      idExists: (id) => Promise.resolve(id === "F1"),
      hasUse: (use, name) => Promise.resolve(use === "\\Junk" && (name === null || name === "Junk")),
      annotation: () => Promise.resolve(null),
    },
    lists: {
      isKnown: () => false,
      members: () => Promise.resolve(null),
      contains: () => Promise.resolve(false),
    },
    duplicates: { seen: () => Promise.resolve(false) },
    scripts: { find: () => Promise.resolve(null) },
    rest: () => Promise.resolve(),
    ...changes,
  };
}

export interface RunOptions {
  readonly input?: Partial<SieveInput>;
  readonly limits?: Partial<SieveRunLimits>;
}

export async function run(script: string, message: string, options: RunOptions = {}): Promise<SieveResult> {
  const limits = { ...defaultSieveRunLimits, ...options.limits };
  return await runSieve([compileSieve(script)], makeInput(message, options.input), limits);
}

/** Actions as short text: `keep (\Seen)`, `fileinto Work`, `redirect a@b`, or `error: ...`. */
export async function outcome(script: string, message: string, options: RunOptions = {}): Promise<string> {
  const result = await run(script, message, options);
  if (result.error !== null) return `error: ${result.error}`;
  return result.actions.map(showAction).join(", ") || "nothing";
}

function showAction(action: Action): string {
  switch (action.kind) {
    case "keep":
      return `keep${showFlags(action.flags)}`;
    case "fileinto":
      return `fileinto ${action.target.mailbox}${showFlags(action.target.flags)}`;
    case "redirect":
      return `redirect ${action.address.local}@${action.address.domain}`;
    case "reject":
    case "ereject":
      return `${action.kind} ${action.reason}`;
    case "vacation":
      return `vacation ${action.reason}`;
    case "notify":
      return `notify ${action.method}`;
    case "note-duplicate":
      return `note ${action.id}`;
  }
}

function showFlags(flags: readonly string[]): string {
  return flags.length === 0 ? "" : ` (${flags.join(" ")})`;
}
