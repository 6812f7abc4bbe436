import { concatBytes, decodeLatin1, LF } from "../../../src/core/bytes.ts";

/** A command as the client sent it. */
export interface SentCommand {
  /** Null when its first word is no tag: it is answered by an untagged BAD. */
  readonly tag: string | null;
  /** In capitals, `UID FETCH` being one name. */
  readonly name: string;
  /** Everything behind the tag, literals in place, one character per byte. */
  readonly text: string;
}

/**
 * Follows what the client sends, to know which command a response belongs to. It needs to hear of the server's responses, since
 * whether the bytes of a literal follow depends on them.
 */
export class ClientSide {
  readonly pending: SentCommand[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  /** The command that is being sent, up to where it has come. */
  #text = "";
  /** So many bytes are a literal's. */
  #literal = 0;
  /** The literal that waits for the server's `+`. */
  #waiting: number | null = null;
  /** The next line is the answer to the server's `+`: to AUTHENTICATE and IDLE. */
  #isDialogue = false;
  /** IDLE has had its one line. */
  #isIdleOver = false;
  /** The client did what a client must not do, so that nobody can say any more what belongs to what. */
  isLost = false;

  push(bytes: Uint8Array): void {
    if (this.isLost) return;
    // It must wait for the `+`.
    if (this.#waiting !== null) this.isLost = true;
    this.#bytes = concatBytes([this.#bytes, bytes]);
    this.#go();
  }

  /** The server asked to go on; false when nobody waits for that. */
  goOn(): boolean {
    if (this.isLost) return true;
    if (this.#waiting !== null) {
      this.#literal = this.#waiting;
      this.#waiting = null;
      return true;
    }
    const name = this.pending[0]?.name ?? "";
    this.#isDialogue = name === "AUTHENTICATE" || name === "IDLE";
    this.#isIdleOver = false;
    return this.#isDialogue;
  }

  /** The server has answered: the command with this tag is over, also one that still waits with a literal. */
  answered(tag: string | null): SentCommand | null {
    this.#isDialogue = false;
    const first = this.pending[0];
    if (first !== undefined && first.tag === tag) return this.pending.shift()!;
    if (this.#waiting === null || this.pending.length > 0) return null;
    const refused = commandOf(this.#text);
    if (refused.tag !== tag) return null;
    this.#waiting = null;
    this.#text = "";
    return refused;
  }

  #go(): void {
    while (this.#waiting === null && !this.isLost) {
      if (this.#literal > 0) {
        const taken = this.#bytes.subarray(0, this.#literal);
        if (taken.length === 0) return;
        this.#text += decodeLatin1(taken);
        this.#bytes = this.#bytes.subarray(taken.length);
        this.#literal -= taken.length;
        continue;
      }
      const lf = this.#bytes.indexOf(LF);
      if (lf < 0) return;
      const line = decodeLatin1(this.#bytes.subarray(0, lf + 1)).replace(/\r?\n$/, "");
      this.#bytes = this.#bytes.subarray(lf + 1);
      this.#line(line);
    }
  }

  #line(line: string): void {
    const last = this.pending.at(-1);
    if (this.#text === "" && this.#isDialogue && last !== undefined) {
      this.#isDialogue = false;
      this.#isIdleOver = last.name === "IDLE";
      return;
    }
    // A client that does not wait for the `+` of IDLE or AUTHENTICATE: what it says can be meant as either.
    const isOpen = last?.name === "AUTHENTICATE" || (last?.name === "IDLE" && !this.#isIdleOver);
    if (this.#text === "" && isOpen) {
      this.isLost = true;
      return;
    }
    const literal = /\{(\d+)(\+?)\}$/.exec(line);
    this.#text += literal === null ? line : `${line}\r\n`;
    if (literal === null) {
      this.pending.push(commandOf(this.#text));
      this.#isIdleOver = false;
      this.#text = "";
    } else if (literal[2] === "+") this.#literal = Number(literal[1]);
    else {
      this.#waiting = Number(literal[1]);
      if (this.#bytes.length > 0) this.isLost = true;
    }
  }
}

/** A `~` right before a literal is the literal's (RFC 3516 section 4.4), though a tag may hold one. */
const TAG =
  /^(?!~\{\d+\+?\}\r\n)[^(){ %*"\\+\x00-\x1f\x7f-\xff]+?(?=~\{\d+\+?\}\r\n|[(){ %*"\\+\x00-\x1f\x7f-\xff]|$)/;

function commandOf(text: string): SentCommand {
  const match = /^([^(){ %*"\\+\x00-\x1f\x7f-\xff]+) ((?:UID )?[^ \r\n]+)/i.exec(text);
  const tag = TAG.exec(text)?.[0] ?? null;
  return {
    tag,
    name: match?.[2]?.toUpperCase() ?? "",
    text: tag === null ? text : text.slice(tag.length + 1),
  };
}
