/** What the end of a command means, and what must have come before it. */
import type { SentCommand } from "./client_side.ts";
import type { Code } from "./codes.ts";
import type { Response } from "./responses.ts";
import { GrammarError } from "./scanner.ts";
import type { Talk } from "./talk.ts";

type StatusOf = Extract<Response, { kind: "status" }>;

export function ended(talk: Talk, command: SentCommand, { status, code }: StatusOf): void {
  talk.knowsModseq(command);
  const good = status === "OK";
  const { name } = command;
  if (good && /RETURN \([^)]*UPDATE/i.test(command.text)) talk.hasContexts = true;
  switch (name) {
    case "LOGIN":
    case "AUTHENTICATE":
      if (good) talk.state = "authenticated";
      return;
    case "STARTTLS":
      // What was sent behind it is thrown away (RFC 9051 section 6.2.1).
      if (good) talk.client.pending.length = 0;
      return;
    case "SELECT":
    case "EXAMINE":
      return selected(talk, status, code);
    case "CLOSE":
    case "UNSELECT":
      if (good) talk.leave();
      return;
    case "UNAUTHENTICATE":
      if (good) talk.forgetAccount();
      return;
    case "LOGOUT":
      if (good && !talk.saidBye) throw new GrammarError("LOGOUT without BYE (RFC 3501 section 6.1.3)");
      return;
    case "CAPABILITY":
      return needs(talk, good, ["capability"]);
    case "SEARCH":
    case "UID SEARCH":
      return needsFound(talk, good, /RETURN/i.test(command.text) || talk.enabled.has("IMAP4REV2"), "search");
    case "APPEND":
      if (good && code?.name !== "APPENDUID" && !isOfOthers(command)) {
        throw new GrammarError("APPEND without APPENDUID (RFC 4315)");
      }
      return;
    case "COPY":
      if (good && code?.name !== "COPYUID" && !isOfOthers(command)) {
        throw new GrammarError("COPY without COPYUID (RFC 4315 section 3)");
      }
      return;
    case "MOVE":
    case "UID MOVE":
      if (
        !isOfOthers(command) &&
        // All of them were expunged by others (RFC 5530 section 3); with NOTIFY an EXPUNGE need not be of the command.
        good && !talk.notifies && code?.name !== "EXPUNGEISSUED" && talk.heard.includes("expunge") &&
        !talk.codes.some((other) => other.name === "COPYUID")
      ) {
        throw new GrammarError("MOVE without COPYUID (RFC 6851 section 4.3)");
      }
      return;
    case "NOTIFY":
      if (good) talk.notifies = !/NOTIFY NONE/i.test(command.text);
      return;
    case "COMPRESS":
      if (good) talk.isCompressed = true;
  }
}

function needs(talk: Talk, good: boolean, kinds: readonly string[]): void {
  for (const kind of kinds) {
    if (good && !talk.heard.includes(kind)) throw new GrammarError(`OK without ${kind}`);
  }
}

/** One answer of the kind that was asked for: ESEARCH with RETURN (RFC 4731), else the plain one. */
function needsFound(talk: Talk, good: boolean, extended: boolean, plain: string): void {
  if (!good) return;
  if (extended && talk.heard.includes(plain)) throw new GrammarError("SEARCH in place of ESEARCH");
  if (!extended && talk.heard.filter((kind) => kind === plain).length !== 1) {
    throw new GrammarError("OK to SEARCH without exactly one SEARCH response");
  }
}

/** RFC 3501 section 6.3.1: what the client must have been talk. After a failure nothing is selected. */
function selected(talk: Talk, status: string, code: Code | null): void {
  if (status === "BAD" && !talk.heard.includes("opening")) return;
  if (status !== "OK") return talk.leave();
  needs(
    talk,
    true,
    talk.enabled.has("IMAP4REV2") ? ["FLAGS", "exists", "list"] : ["FLAGS", "exists", "recent"],
  );
  const names = new Set(talk.codes.map(({ name }) => name));
  for (const name of ["UIDVALIDITY", "UIDNEXT", "PERMANENTFLAGS"]) {
    if (!names.has(name)) throw new GrammarError(`SELECT without ${name}`);
  }
  if (code?.name !== "READ-ONLY" && code?.name !== "READ-WRITE") {
    throw new GrammarError("SELECT without READ-...");
  }
  talk.state = "selected";
}

/** Into what may not be read no UID is talk (RFC 4315 section 5). */
function isOfOthers({ text }: SentCommand): boolean {
  return text.includes("Shared/");
}
