/** What data may say: numbers in range, EXPUNGE only where it may be, nothing that nobody asked for. */
import { askedItems } from "./asked.ts";
import { checkCapabilities } from "./capability_rules.ts";
import { checkSearch } from "./mailbox_model.ts";
import type { Response } from "./responses.ts";
import { GrammarError } from "./scanner.ts";
import type { Talk } from "./talk.ts";

type FetchOf = Extract<Response, { kind: "fetch" }>;
type DataOf = Exclude<Response, { kind: "status" | "continue" }>;

/** RFC 3501 section 7.4.1, and RFC 5256 section 3 for SORT and THREAD. */
const NO_EXPUNGE = new Set(["FETCH", "STORE", "SEARCH", "SORT", "THREAD"]);
/** What a server may tell of a message unasked (RFC 3501 section 7.4.2, RFC 7162 section 3.1.3). */
const UNASKED = new Set(["FLAGS", "UID", "MODSEQ"]);
/** Takes in what the server says of its own, or as the answer to a command. */
export function takeData(talk: Talk, response: DataOf): void {
  switch (response.kind) {
    case "exists":
      return talk.opened("EXISTS").exists(response.number);
    case "recent":
      if (talk.enabled.has("IMAP4REV2")) throw new GrammarError("RECENT in IMAP4rev2");
      if (response.number > talk.opened("RECENT").count) {
        throw new GrammarError("More are recent than there are");
      }
      return;
    case "expunge":
      mayExpunge(talk);
      if (talk.enabled.has("QRESYNC")) throw new GrammarError("EXPUNGE in place of VANISHED");
      return talk.opened("EXPUNGE").expunge(response.number);
    case "vanished":
      return vanished(talk, response);
    case "fetch":
      return fetch(talk, response);
    case "capability":
      return checkCapabilities(talk, response.names);
    case "enabled":
      return learnEnabled(talk, response.names);
    case "search":
    case "sort":
    case "thread":
      if (talk.command!.name.startsWith("UID ")) return;
      return response.numbers.forEach((number) => talk.opened("SEARCH").check(number));
    case "esearch":
      return esearch(talk, response.search);
  }
}

function mayExpunge(talk: Talk): void {
  const name = talk.command?.name ?? null;
  if (name === null ? !talk.notifies : NO_EXPUNGE.has(name)) {
    throw new GrammarError(`EXPUNGE during ${name ?? "no command"} (RFC 3501 section 7.4.1)`);
  }
}

function vanished(talk: Talk, { earlier, uids }: Extract<Response, { kind: "vanished" }>): void {
  if (!talk.enabled.has("QRESYNC") && !talk.enabled.has("UIDONLY")) {
    throw new GrammarError("VANISHED unasked");
  }
  if (earlier) {
    const name = talk.command?.name ?? "";
    if (!/^(?:SELECT|EXAMINE|UID FETCH)$/.test(name)) {
      throw new GrammarError(`EARLIER in ${name}`);
    }
    return;
  }
  mayExpunge(talk);
  talk.opened("VANISHED").vanished(uids);
}

function fetch(talk: Talk, { by, number, items }: FetchOf): void {
  const mailbox = talk.opened("FETCH");
  const labels = items.map(({ label }) => label);
  const valueOf = (label: string) => items.find((item) => item.label === label)?.value;
  let uid = by === "uid" ? number : valueOf("UID") as number | undefined;
  if (by === "sequence") {
    mailbox.check(number);
    if (uid !== undefined) mailbox.learnUid(number, uid);
    else uid = mailbox.uidOf(number) || undefined;
  }
  const size = valueOf("RFC822.SIZE");
  const bytes = valueOf("BODY[]") ?? valueOf("RFC822");
  if (uid !== undefined && typeof size === "number") mailbox.learnSize(uid, size);
  if (uid !== undefined && bytes instanceof Uint8Array) mailbox.learnSize(uid, bytes.length);
  if (typeof size === "number" && bytes instanceof Uint8Array && size !== bytes.length) {
    throw new GrammarError(`RFC822.SIZE is ${size}, and ${bytes.length} bytes came`);
  }
  checkAsked(talk, labels);
}

function checkAsked(talk: Talk, labels: readonly string[]): void {
  if (talk.notifies || talk.hasContexts) return;
  const command = talk.command!;
  const isFetch = command.name === "FETCH" || command.name === "UID FETCH";
  const asked = isFetch ? askedItems(command) : null;
  if (isFetch && asked === null) throw new GrammarError("An answer to a FETCH that is wrong");
  const wrong = labels.find((label) => !UNASKED.has(label) && asked?.labels.has(label) !== true);
  if (wrong !== undefined) throw new GrammarError(`${wrong} was not asked for by ${command.name}`);
  // Unasked MODSEQ only to who knows what it is (RFC 7162 section 3.1).
  if (labels.includes("MODSEQ") && !talk.knowsModseq(command)) {
    throw new GrammarError("MODSEQ without CONDSTORE");
  }
  // RFC 3501 section 6.4.8: by UID the UID is always talk.
  if (
    command.name === "UID FETCH" && !talk.enabled.has("UIDONLY") &&
    labels.some((label) => !UNASKED.has(label))
  ) {
    if (!labels.includes("UID")) throw new GrammarError("UID FETCH without UID");
  }
}

function learnEnabled(talk: Talk, names: readonly string[]): void {
  for (const name of names) {
    if (!talk.command!.text.toUpperCase().split(" ").includes(name.toUpperCase())) {
      throw new GrammarError(`ENABLED ${name}, which nobody asked for`);
    }
  }
  // It holds from the tagged OK on, but nothing in between could tell the difference.
  for (const name of names) talk.enabled.add(name.toUpperCase());
}

function esearch(talk: Talk, search: Extract<Response, { kind: "esearch" }>["search"]): void {
  checkSearch(search);
  if (talk.hasContexts || search.mailbox !== null) return;
  const command = talk.command!;
  if (search.tag !== null && search.tag !== command.tag) {
    throw new GrammarError("ESEARCH under another tag");
  }
  if (search.byUid !== command.name.startsWith("UID ")) {
    throw new GrammarError("UID in ESEARCH goes with UID SEARCH");
  }
  if (search.byUid) return;
  for (const name of ["MIN", "MAX", "ALL"]) {
    const value = search.values.get(name);
    const numbers = typeof value === "number" ? [value] : (value ?? []).flat();
    for (const number of numbers) talk.opened("ESEARCH").check(number);
  }
}
