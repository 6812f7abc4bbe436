/**
 * A client that believes nothing: every byte that the server sends is read by the formal syntax of RFC 3501, RFC 9051 and the
 * extensions (`pedantic/responses.ts`), and checked against what was said before: responses belong to a command, in its order and under its
 * tag; numbers are in range; EXPUNGE comes only where it may; FETCH answers what was asked; UIDs grow; sizes agree.
 * It is told the bytes of both directions and throws at the first that is wrong. It uses nothing of the server's own code.
 */
import { checkCapabilities } from "./pedantic/capability_rules.ts";
import { capabilityNames, checkPairs, type Code } from "./pedantic/codes.ts";
import { takeData } from "./pedantic/data_rules.ts";
import { ended } from "./pedantic/end_rules.ts";
import { Framing } from "./pedantic/framing.ts";
import { Inflated } from "./pedantic/inflated.ts";
import { parseResponse, type Response } from "./pedantic/responses.ts";
import { GrammarError } from "./pedantic/scanner.ts";
import { Talk } from "./pedantic/talk.ts";

export { GrammarError } from "./pedantic/scanner.ts";

type StatusOf = Extract<Response, { kind: "status" }>;

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
  readonly #talk = new Talk();
  /** The two directions, once they are compressed (RFC 4978). */
  #fromServer: Inflated | null = null;
  #fromClient: Inflated | null = null;

  /** What the client has sent. */
  sent(bytes: Uint8Array): void {
    const { client } = this.#talk;
    if (this.#fromClient === null) return client.push(bytes);
    try {
      client.push(this.#fromClient.push(bytes));
    } catch (error) {
      // A client may send nonsense; what the server says to that is looked at as before.
      if (!(error instanceof GrammarError)) throw error;
    }
  }

  /** What the server has sent. Throws `GrammarError`. */
  heard(bytes: Uint8Array): void {
    this.#framing.push(this.#fromServer?.push(bytes) ?? bytes);
    for (let response = this.#framing.next(); response !== null; response = this.#framing.next()) {
      const { enabled } = this.#talk;
      const utf8 = enabled.has("UTF8=ACCEPT") || enabled.has("IMAP4REV2");
      this.#take(parseResponse(response, { utf8 }));
      if (this.#talk.isCompressed && this.#fromServer === null) this.#compress();
    }
  }

  /** The server has closed. */
  ended(): void {
    if (this.#framing.isInside) throw new GrammarError("The server closed inside a response");
  }

  /** What has come already behind the answer is compressed. */
  #compress(): void {
    this.#fromServer = new Inflated();
    this.#fromClient = new Inflated();
    this.#framing.push(this.#fromServer.push(this.#framing.takeRest()));
    this.sent(this.#talk.client.takeRest());
  }

  #take(response: Response): void {
    if (this.#talk.state === "greeting") return this.#greeting(response);
    if (this.#talk.saidBye && !(response.kind === "status" && response.tag !== null)) {
      throw new GrammarError("Something after BYE that is not the answer to LOGOUT");
    }
    if (response.kind === "continue") {
      if (!this.#talk.client.goOn()) throw new GrammarError("A + that nobody waits for");
      return;
    }
    if (response.kind === "status") return this.#status(response);
    this.#unsolicited(response.kind);
    this.#talk.heard.push(response.kind === "other" ? response.name : response.kind);
    takeData(this.#talk, response);
  }

  #greeting(response: Response): void {
    if (response.kind !== "status" || response.tag !== null) {
      throw new GrammarError("The greeting is no status");
    }
    if (response.status !== "OK" && response.status !== "BYE") {
      throw new GrammarError("A greeting of another kind");
    }
    this.#talk.state = "not-authenticated";
    this.#talk.saidBye = response.status === "BYE";
    this.#checkCode(response.code);
  }

  /** Data comes while a command is under way; before that only NOTIFY and search contexts speak. */
  #unsolicited(kind: string): void {
    const { name = null } = this.#talk.command ?? {};
    if (name === null && !this.#talk.notifies && !this.#talk.hasContexts) {
      throw new GrammarError(`${kind} with no command under way`);
    }
    const needs = DATA_NEEDS.get(kind);
    if (needs !== undefined && (name === null || !needs.test(name))) {
      throw new GrammarError(`${kind} during ${name}`);
    }
  }

  #status(response: StatusOf): void {
    this.#checkCode(response.code);
    if (response.tag === null) {
      // A line without a tag is answered without one.
      if (response.status === "BAD" && !this.#talk.command?.tag) this.#talk.client.answered(null);
      if (response.status === "BYE") this.#talk.saidBye = true;
      if (response.code?.name === "CLOSED") this.#talk.leave();
      if (response.code !== null) this.#talk.codes.push(response.code);
      return;
    }
    const command = this.#talk.client.answered(response.tag);
    if (command === null) {
      throw new GrammarError(`An answer under the tag ${response.tag}`);
    }
    ended(this.#talk, command, response);
    this.#talk.heard = [];
    this.#talk.codes = [];
  }

  #checkCode(code: Code | null): void {
    if (code === null) return;
    if (code.name === "CAPABILITY") {
      checkCapabilities(this.#talk, capabilityNames(code.data.trimStart(), { utf8: false }));
    }
    if (code.name === "COPYUID") checkPairs(code);
  }
}
