import type { LoggedEvent } from "./event.ts";

/** The listeners through which messages come in; the others' sessions are nobody's story. */
const SERVICES: ReadonlySet<unknown> = new Set(["smtp", "submission", "submissions", "lmtp"]);
const MAX_SESSIONS = 20_000;
/** What is kept of a session before its first message. */
const MAX_HELD = 8;
/** What a session may add to the trace besides its messages. */
const MAX_LONE = 100;

interface Session {
  /** Null once they were handed out. */
  held: LoggedEvent[] | null;
  lone: number;
}

/**
 * The beginnings of open sessions: who connected, TLS, log-in. They become part of the trace when the session brings a
 * message or is refused an address, and are forgotten when it ends without: most connections from the Internet bring nothing.
 */
export class Sessions {
  readonly #open = new Map<string, Session>();

  /** An event that belongs to a session but to no message; the events that are to be traced now, in order. */
  lone(id: string, event: LoggedEvent, concernsAddress: boolean): readonly LoggedEvent[] {
    if (event.event === "session-begin" && SERVICES.has(event.fields["service"])) this.#begin(id);
    const session = this.#open.get(id);
    if (event.event === "session-end") this.#open.delete(id);
    if (session === undefined) return concernsAddress ? [event] : [];
    if (concernsAddress || session.held === null) {
      const before = this.#handOut(session);
      return ++session.lone > MAX_LONE ? before : [...before, event];
    }
    if (session.held.length < MAX_HELD) session.held.push(event);
    return [];
  }

  /** The session brings a message: what was held back, once. */
  brings(id: string): readonly LoggedEvent[] {
    const session = this.#open.get(id);
    return session === undefined ? [] : this.#handOut(session);
  }

  #begin(id: string): void {
    if (this.#open.size < MAX_SESSIONS) this.#open.set(id, { held: [], lone: 0 });
  }

  #handOut(session: Session): readonly LoggedEvent[] {
    const { held } = session;
    session.held = null;
    return held ?? [];
  }
}
