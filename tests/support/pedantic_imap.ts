/**
 * A client that believes nothing: every byte that the server sends is read by the formal syntax of RFC 3501, RFC 9051 and the
 * extensions (`pedantic/responses.ts`), and checked against what was said before: responses belong to a command, in its order and under its
 * tag; numbers are in range; EXPUNGE comes only where it may; FETCH answers what was asked; UIDs grow; sizes agree.
 * It is told the bytes of both directions and throws at the first that is wrong. It uses nothing of the server's own code.
 */
import { askedItems } from "./pedantic/asked.ts";
import { ClientSide, type SentCommand } from "./pedantic/client_side.ts";
import { capabilityNames, checkPairs, type Code } from "./pedantic/codes.ts";
import { Framing } from "./pedantic/framing.ts";
import { checkSearch, MailboxModel } from "./pedantic/mailbox_model.ts";
import { parseResponse, type Response } from "./pedantic/responses.ts";
import { GrammarError } from "./pedantic/scanner.ts";

export { GrammarError } from "./pedantic/scanner.ts";

type StatusOf = Extract<Response, { kind: "status" }>;
type FetchOf = Extract<Response, { kind: "fetch" }>;

/** RFC 3501 section 7.4.1, and RFC 5256 section 3 for SORT and THREAD. */
const NO_EXPUNGE = new Set(["FETCH", "STORE", "SEARCH", "SORT", "THREAD"]);
/** What a server may tell of a message unasked (RFC 3501 section 7.4.2, RFC 7162 section 3.1.3). */
const UNASKED = new Set(["FLAGS", "UID", "MODSEQ"]);
/** Which command must be under way for data to come. NOTIFY, LIST with RETURN and SELECT bring more. */
const DATA_NEEDS: ReadonlyMap<string, RegExp> = new Map([
  ["search", /^(?:UID )?SEARCH$/],
  ["sort", /^(?:UID )?SORT$/],
  ["thread", /^(?:UID )?THREAD$/],
  ["enabled", /^ENABLE$/],
  ["capability", /^(?:CAPABILITY|LOGIN|AUTHENTICATE)$/],
]);

export class PedanticImap {
  readonly #framing = new Framing();
  readonly #client = new ClientSide();
  #state: "greeting" | "not-authenticated" | "authenticated" | "selected" | "logout" = "greeting";
  #mailbox: MailboxModel | null = null;
  /** Names in capitals. */
  readonly #enabled = new Set<string>();
  /** What was said since the present command began, by kind. */
  #heard: string[] = [];
  #codes: Code[] = [];
  #saidBye = false;
  #notifies = false;
  /** Search contexts that go on after their command (RFC 5267 section 4). */
  #hasContexts = false;
  /** Both directions are compressed now, so nothing more can be read here. */
  #isBlind = false;

  /** What the client has sent. */
  sent(bytes: Uint8Array): void {
    if (!this.#isBlind) this.#client.push(bytes);
  }

  /** What the server has sent. Throws `GrammarError`. */
  heard(bytes: Uint8Array): void {
    if (this.#isBlind) return;
    for (const response of this.#framing.push(bytes)) {
      const utf8 = this.#enabled.has("UTF8=ACCEPT") || this.#enabled.has("IMAP4REV2");
      this.#take(parseResponse(response, { utf8 }));
    }
  }

  /** The server has closed. */
  ended(): void {
    if (!this.#isBlind && this.#framing.isInside) {
      throw new GrammarError("The server closed inside a response");
    }
  }

  get #command(): SentCommand | null {
    return this.#client.pending[0] ?? null;
  }

  /** Whether responses can be set against commands: not when the client itself spoke nonsense. */
  get #isSure(): boolean {
    return !this.#client.isLost;
  }

  #take(response: Response): void {
    if (this.#state === "greeting") return this.#greeting(response);
    if (this.#saidBye && !(response.kind === "status" && response.tag !== null)) {
      throw new GrammarError("Something after BYE that is not the answer to LOGOUT");
    }
    if (response.kind === "continue") {
      if (!this.#client.goOn()) throw new GrammarError("A + that nobody waits for");
      return;
    }
    if (response.kind === "status") return this.#status(response);
    this.#unsolicited(response.kind);
    this.#heard.push(response.kind === "other" ? response.name : response.kind);
    this.#data(response);
  }

  #greeting(response: Response): void {
    if (response.kind !== "status" || response.tag !== null) {
      throw new GrammarError("The greeting is no status");
    }
    if (response.status !== "OK" && response.status !== "BYE") {
      throw new GrammarError("A greeting of another kind");
    }
    this.#state = "not-authenticated";
    this.#saidBye = response.status === "BYE";
    this.#checkCode(response.code);
  }

  /** Data comes while a command is under way; before that only NOTIFY and search contexts speak. */
  #unsolicited(kind: string): void {
    if (!this.#isSure) return;
    const { name = null } = this.#command ?? {};
    if (name === null && !this.#notifies && !this.#hasContexts) {
      throw new GrammarError(`${kind} with no command under way`);
    }
    const needs = DATA_NEEDS.get(kind);
    if (needs !== undefined && (name === null || !needs.test(name))) {
      throw new GrammarError(`${kind} during ${name}`);
    }
  }

  // ---- Data ----

  #data(response: Exclude<Response, StatusOf | { kind: "continue" }>): void {
    switch (response.kind) {
      case "exists":
        return this.#opened("EXISTS").exists(response.number);
      case "recent":
        if (this.#enabled.has("IMAP4REV2")) throw new GrammarError("RECENT in IMAP4rev2");
        if (response.number > this.#opened("RECENT").count) {
          throw new GrammarError("More are recent than there are");
        }
        return;
      case "expunge":
        this.#mayExpunge();
        if (this.#enabled.has("QRESYNC")) throw new GrammarError("EXPUNGE in place of VANISHED");
        return this.#opened("EXPUNGE").expunge(response.number);
      case "vanished":
        return this.#vanished(response);
      case "fetch":
        return this.#fetch(response);
      case "capability":
        return this.#checkCapabilities(response.names);
      case "enabled":
        return this.#learnEnabled(response.names);
      case "search":
      case "sort":
      case "thread":
        if (!this.#isSure || this.#command!.name.startsWith("UID ")) return;
        return response.numbers.forEach((number) => this.#opened("SEARCH").check(number));
      case "esearch":
        return this.#esearch(response.search);
    }
  }

  /** The mailbox that is selected, or that a SELECT is opening. */
  #opened(what: string): MailboxModel {
    const name = this.#command?.name ?? "";
    if (this.#mailbox === null && this.#isSure && /^(?:SELECT|EXAMINE)$/.test(name)) {
      // RFC 7162 section 3.2.11: up to CLOSED what is said is of the one before, by NOTIFY for example.
      this.#heard.push("opening");
      this.#mailbox = new MailboxModel();
    }
    if (this.#mailbox === null) {
      if (this.#isSure) throw new GrammarError(`${what} without a mailbox`);
      this.#mailbox = new MailboxModel();
    }
    this.#mailbox.uidOnly = this.#enabled.has("UIDONLY");
    return this.#mailbox;
  }

  #mayExpunge(): void {
    if (!this.#isSure) return;
    const name = this.#command?.name ?? null;
    if (name === null ? !this.#notifies : NO_EXPUNGE.has(name)) {
      throw new GrammarError(`EXPUNGE during ${name ?? "no command"} (RFC 3501 section 7.4.1)`);
    }
  }

  #vanished({ earlier, uids }: Extract<Response, { kind: "vanished" }>): void {
    if (!this.#enabled.has("QRESYNC") && !this.#enabled.has("UIDONLY")) {
      throw new GrammarError("VANISHED unasked");
    }
    if (earlier) {
      const name = this.#command?.name ?? "";
      if (this.#isSure && !/^(?:SELECT|EXAMINE|UID FETCH)$/.test(name)) {
        throw new GrammarError(`EARLIER in ${name}`);
      }
      return;
    }
    this.#mayExpunge();
    this.#opened("VANISHED").vanished(uids);
  }

  #fetch({ by, number, items }: FetchOf): void {
    const mailbox = this.#opened("FETCH");
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
    this.#checkAsked(labels);
  }

  #checkAsked(labels: readonly string[]): void {
    if (!this.#isSure || this.#notifies) return;
    const command = this.#command!;
    const isFetch = command.name === "FETCH" || command.name === "UID FETCH";
    const asked = isFetch ? askedItems(command) : null;
    if (isFetch && asked === null) throw new GrammarError("An answer to a FETCH that is wrong");
    const wrong = labels.find((label) => !UNASKED.has(label) && asked?.labels.has(label) !== true);
    if (wrong !== undefined) throw new GrammarError(`${wrong} was not asked for by ${command.name}`);
    // Unasked MODSEQ only to who knows what it is (RFC 7162 section 3.1).
    if (labels.includes("MODSEQ") && !this.#knowsModseq(command)) {
      throw new GrammarError("MODSEQ without CONDSTORE");
    }
    // RFC 3501 section 6.4.8: by UID the UID is always told.
    if (
      command.name === "UID FETCH" && !this.#enabled.has("UIDONLY") &&
      labels.some((label) => !UNASKED.has(label))
    ) {
      if (!labels.includes("UID")) throw new GrammarError("UID FETCH without UID");
    }
  }

  /** Has the client shown, now or before, that it knows mod-sequences (RFC 7162 section 3.1)? */
  #knowsModseq({ text }: SentCommand): boolean {
    if (/MODSEQ|CONDSTORE|CHANGEDSINCE/i.test(text) || this.#enabled.has("QRESYNC")) {
      this.#enabled.add("CONDSTORE");
    }
    return this.#enabled.has("CONDSTORE");
  }

  #learnEnabled(names: readonly string[]): void {
    for (const name of names) {
      if (this.#isSure && !this.#command!.text.toUpperCase().split(" ").includes(name.toUpperCase())) {
        throw new GrammarError(`ENABLED ${name}, which nobody asked for`);
      }
    }
    // It holds from the tagged OK on, but nothing in between could tell the difference.
    for (const name of names) this.#enabled.add(name.toUpperCase());
  }

  #esearch(search: Extract<Response, { kind: "esearch" }>["search"]): void {
    checkSearch(search);
    if (!this.#isSure || this.#hasContexts || search.mailbox !== null) return;
    const command = this.#command!;
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
      for (const number of numbers) this.#opened("ESEARCH").check(number);
    }
  }

  // ---- Status ----

  #status(response: StatusOf): void {
    this.#checkCode(response.code);
    if (response.tag === null) {
      // A line without a tag is answered without one.
      if (response.status === "BAD" && this.#command?.tag === null) this.#client.answered(null);
      if (response.status === "BYE") this.#saidBye = true;
      if (response.code?.name === "CLOSED") this.#mailbox = null;
      if (response.code !== null) this.#codes.push(response.code);
      return;
    }
    const command = this.#client.answered(response.tag);
    if (command === null && this.#isSure) throw new GrammarError(`An answer under the tag ${response.tag}`);
    if (!this.#isSure) this.#endedUnseen(response);
    else if (command !== null) this.#ended(command, response);
    this.#heard = [];
    this.#codes = [];
  }

  #checkCode(code: Code | null): void {
    if (code === null) return;
    if (code.name === "CAPABILITY") {
      this.#checkCapabilities(capabilityNames(code.data.trimStart(), { utf8: false }));
    }
    if (code.name === "COPYUID") checkPairs(code);
  }

  /** RFC 3501 section 7.2.1, RFC 7888 section 5: what cannot be together, and what has no place after log-in. */
  #checkCapabilities(names: readonly string[]): void {
    const fail = (what: string) => {
      throw new GrammarError(`${what} in the capabilities: ${names.join(" ")}`);
    };
    if (!names.includes("IMAP4rev1") && !names.includes("IMAP4rev2")) fail("No IMAP4rev1");
    if (new Set(names).size !== names.length) fail("Something twice");
    if (names.includes("LITERAL+") && names.includes("LITERAL-")) fail("LITERAL+ and LITERAL-");
    if (this.#state !== "authenticated" && this.#state !== "selected") return;
    const early = names.find((name) => /^(?:STARTTLS|LOGINDISABLED)$/.test(name));
    if (early !== undefined) fail(`${early} after log-in`);
  }

  /** What the end of a command means, and what must have come before it. */
  #ended(command: SentCommand, { status, code }: StatusOf): void {
    this.#knowsModseq(command);
    const good = status === "OK";
    const { name } = command;
    if (good && /RETURN \([^)]*UPDATE/i.test(command.text)) this.#hasContexts = true;
    switch (name) {
      case "LOGIN":
      case "AUTHENTICATE":
        if (good) this.#state = "authenticated";
        return;
      case "SELECT":
      case "EXAMINE":
        return this.#selected(status, code);
      case "CLOSE":
      case "UNSELECT":
        if (good) this.#leave();
        return;
      case "UNAUTHENTICATE":
        if (good) this.#forgetAccount();
        return;
      case "LOGOUT":
        if (good && !this.#saidBye) throw new GrammarError("LOGOUT without BYE (RFC 3501 section 6.1.3)");
        return;
      case "CAPABILITY":
        return this.#needs(good, ["capability"]);
      case "SEARCH":
      case "UID SEARCH":
        return this.#needsFound(
          good,
          /RETURN/i.test(command.text) || this.#enabled.has("IMAP4REV2"),
          "search",
        );
      case "APPEND":
        if (good && code?.name !== "APPENDUID") throw new GrammarError("APPEND without APPENDUID (RFC 4315)");
        return;
      case "COPY":
        if (good && code?.name !== "COPYUID") {
          throw new GrammarError("COPY without COPYUID (RFC 4315 section 3)");
        }
        return;
      case "MOVE":
      case "UID MOVE":
        if (
          // All of them were expunged by others (RFC 5530 section 3); with NOTIFY an EXPUNGE need not be of the command.
          good && !this.#notifies && code?.name !== "EXPUNGEISSUED" && this.#heard.includes("expunge") &&
          !this.#codes.some((other) => other.name === "COPYUID")
        ) {
          throw new GrammarError("MOVE without COPYUID (RFC 6851 section 4.3)");
        }
        return;
      case "NOTIFY":
        if (good) this.#notifies = !/NOTIFY NONE/i.test(command.text);
        return;
      case "COMPRESS":
        if (good) this.#isBlind = true;
    }
  }

  /** Some command is over, and nobody can say which: what the client knew holds as far as no command could have ended it. */
  #endedUnseen({ status, code }: StatusOf): void {
    if (status !== "OK") return;
    // It can have been CLOSE or UNSELECT, after which a SELECT says nothing of CLOSED.
    if (this.#mailbox !== null) this.#mailbox.mayBeLeft = true;
    // A log-in: if it is not the first, UNAUTHENTICATE has put everything back (RFC 8437 section 3).
    if (code?.name !== "CAPABILITY") return;
    this.#forgetAccount();
    this.#state = "authenticated";
  }

  #forgetAccount(): void {
    this.#leave();
    this.#enabled.clear();
    this.#notifies = false;
    this.#state = "not-authenticated";
  }

  #needs(good: boolean, kinds: readonly string[]): void {
    for (const kind of kinds) {
      if (good && !this.#heard.includes(kind)) throw new GrammarError(`OK without ${kind}`);
    }
  }

  /** One answer of the kind that was asked for: ESEARCH with RETURN (RFC 4731), else the plain one. */
  #needsFound(good: boolean, extended: boolean, plain: string): void {
    if (!good) return;
    if (extended && this.#heard.includes(plain)) throw new GrammarError("SEARCH in place of ESEARCH");
    if (!extended && this.#heard.filter((kind) => kind === plain).length !== 1) {
      throw new GrammarError("OK to SEARCH without exactly one SEARCH response");
    }
  }

  /** RFC 3501 section 6.3.1: what the client must have been told. After a failure nothing is selected. */
  #selected(status: string, code: Code | null): void {
    if (status === "BAD" && !this.#heard.includes("opening")) return;
    if (status !== "OK") return this.#leave();
    this.#needs(
      true,
      this.#enabled.has("IMAP4REV2") ? ["FLAGS", "exists", "list"] : ["FLAGS", "exists", "recent"],
    );
    const told = new Set(this.#codes.map(({ name }) => name));
    for (const name of ["UIDVALIDITY", "UIDNEXT", "PERMANENTFLAGS"]) {
      if (!told.has(name)) throw new GrammarError(`SELECT without ${name}`);
    }
    if (code?.name !== "READ-ONLY" && code?.name !== "READ-WRITE") {
      throw new GrammarError("SELECT without READ-...");
    }
    this.#state = "selected";
  }

  #leave(): void {
    this.#mailbox = null;
    if (this.#state === "selected") this.#state = "authenticated";
  }
}
