import { DELIMITER } from "./mailbox.ts";

const INBOX = "INBOX";

/**
 * A pattern of LIST or LSUB: `*` matches anything, `%` anything but the delimiter (RFC 3501 section 6.3.8). Matching
 * follows all possibilities at once, so its time is at most pattern times name, whatever the pattern is.
 */
export class ListPattern {
  readonly #pattern: string;
  /** The states (places in the pattern) that are alive, now and after the next character. */
  #now: Uint32Array;
  #later: Uint32Array;
  /** For each state the step at which it was last added, so that none is added twice. */
  readonly #seen: Uint32Array;
  #step = 0;

  constructor(pattern: string) {
    this.#pattern = collapse(pattern);
    const states = this.#pattern.length + 1;
    this.#now = new Uint32Array(states);
    this.#later = new Uint32Array(states);
    this.#seen = new Uint32Array(states);
  }

  matches(name: string): boolean {
    const alive = this.#run(name);
    const end = this.#pattern.length;
    return alive > 0 && this.#now.subarray(0, alive).includes(end);
  }

  /** Whether a name that begins with `prefix` may match. */
  mayMatchFrom(prefix: string): boolean {
    return this.#run(prefix) > 0;
  }

  /** Follows the pattern along the name; how many states are alive behind it. */
  #run(name: string): number {
    const inbox = name === INBOX || name.startsWith(INBOX + DELIMITER);
    this.#step++;
    let alive = this.#add(this.#now, 0, 0);
    for (let i = 0; i < name.length && alive > 0; i++) {
      // INBOX is the same in any case (RFC 3501 section 5.1).
      alive = this.#advance(name[i]!, alive, inbox && i < INBOX.length);
    }
    return alive;
  }

  #advance(char: string, alive: number, anyCase: boolean): number {
    this.#step++;
    let length = 0;
    for (let i = 0; i < alive; i++) {
      const state = this.#now[i]!;
      const wanted = this.#pattern[state];
      if (wanted === "*" || (wanted === "%" && char !== DELIMITER)) {
        length = this.#add(this.#later, length, state);
      } else if (wanted === char || (anyCase && wanted?.toUpperCase() === char)) {
        length = this.#add(this.#later, length, state + 1);
      }
    }
    [this.#now, this.#later] = [this.#later, this.#now];
    return length;
  }

  /** Adds a state and those that follow from it without a character, since a wildcard may match nothing. */
  #add(list: Uint32Array, length: number, state: number): number {
    for (let at = state; this.#seen[at] !== this.#step; at++) {
      this.#seen[at] = this.#step;
      list[length++] = at;
      const wildcard = this.#pattern[at] === "*" || this.#pattern[at] === "%";
      if (!wildcard) break;
    }
    return length;
  }
}

/** Wildcards in a row mean the same as one of them: the `*`, if there is one. */
function collapse(pattern: string): string {
  return pattern.replace(/[*%]+/g, (run) => run.includes("*") ? "*" : "%");
}
