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
 * Follows what the client sends, to know which command a response belongs to. It needs to hear of the server's responses: whether the
 * bytes of a literal follow depends on them, and whether a line belongs to IDLE or AUTHENTICATE. What a client sends without waiting
 * for that is held back until the server has decided what it was.
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
  /** That answer announced bytes, though there should be none: they and the line behind them belong to it (RFC 7888 section 3). */
  #goesOn = false;
  /** IDLE has had its one line. */
  #isIdleOver = false;
  /** The command that is being sent is answered already: its rest is thrown away. */
  #isRefused = false;

  push(bytes: Uint8Array): void {
    this.#bytes = concatBytes([this.#bytes, bytes]);
    this.#go();
  }

  /** What is not taken in yet; it is somebody else's now. */
  takeRest(): Uint8Array {
    const rest = this.#bytes;
    this.#bytes = new Uint8Array(0);
    return rest;
  }

  /** The server asked to go on; false when nobody waits for that. */
  goOn(): boolean {
    if (this.#waiting !== null && this.pending.length === 0) {
      this.#literal = this.#waiting;
      this.#waiting = null;
      this.#go();
      return true;
    }
    const name = this.pending[0]?.name ?? "";
    this.#isDialogue = name === "AUTHENTICATE" || name === "IDLE";
    if (!this.#isDialogue) return false;
    this.#isIdleOver = false;
    this.#go();
    return true;
  }

  /** The server has answered: the command with this tag is over, also one that is not sent to its end. */
  answered(tag: string | null): SentCommand | null {
    const first = this.pending[0];
    if (first !== undefined) {
      if (first.tag !== tag) return null;
      this.pending.shift();
      this.#isDialogue = false;
      this.#go();
      return first;
    }
    const refused = commandOf(this.#text);
    if (this.#text === "" || refused.tag !== tag || this.#isRefused) return null;
    if (this.#waiting === null) this.#isRefused = true;
    else {
      this.#begin();
      this.#go();
    }
    return refused;
  }

  /** The next line is a command's first. */
  #begin(): void {
    this.#text = "";
    this.#waiting = null;
    this.#isRefused = false;
  }

  /** Until something is missing: bytes, or the server's word on what they are. */
  #go(): void {
    while (this.#waiting === null && !this.#isUndecided) {
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

  /** The next line is the answer to a `+` that has not come, or a command if it does not come. */
  get #isUndecided(): boolean {
    const name = this.pending.at(-1)?.name;
    return this.#text === "" && !this.#isDialogue && !this.#goesOn &&
      (name === "AUTHENTICATE" || (name === "IDLE" && !this.#isIdleOver));
  }

  #line(line: string): void {
    const literal = /\{(\d+)(\+?)\}$/.exec(line);
    if (this.#goesOn || (this.#text === "" && this.#isDialogue)) {
      this.#isDialogue = false;
      this.#isIdleOver = this.pending[0]?.name === "IDLE";
      this.#goesOn = literal?.[2] === "+";
      if (this.#goesOn) this.#literal = Number(literal![1]);
      else this.#text = "";
      return;
    }
    this.#text += literal === null ? line : `${line}\r\n`;
    if (literal === null) {
      if (!this.#isRefused) this.pending.push(commandOf(this.#text));
      this.#isIdleOver = false;
      this.#begin();
    } else if (literal[2] === "+") this.#literal = Number(literal[1]);
    else if (this.#isRefused) this.#begin();
    else this.#waiting = Number(literal[1]);
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
