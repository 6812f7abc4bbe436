import { ClientSide, type SentCommand } from "./client_side.ts";
import type { Code } from "./codes.ts";
import { MailboxModel } from "./mailbox_model.ts";
import { GrammarError } from "./scanner.ts";

/** What was said in one session so far, as far as it decides what may be said next. */
export class Talk {
  readonly client = new ClientSide();
  state: "greeting" | "not-authenticated" | "authenticated" | "selected" | "logout" = "greeting";
  mailbox: MailboxModel | null = null;
  /** Names in capitals. */
  readonly enabled = new Set<string>();
  /** What was said since the present command began, by kind. */
  heard: string[] = [];
  codes: Code[] = [];
  saidBye = false;
  notifies = false;
  /** Search contexts that go on after their command (RFC 5267 section 4). */
  hasContexts = false;
  /** The server has agreed to COMPRESS: what follows is compressed, in both directions. */
  isCompressed = false;

  get command(): SentCommand | null {
    return this.client.pending[0] ?? null;
  }

  /** The mailbox that is selected, or that a SELECT is opening. */
  opened(what: string): MailboxModel {
    const name = this.command?.name ?? "";
    if (this.mailbox === null && /^(?:SELECT|EXAMINE)$/.test(name)) {
      // RFC 7162 section 3.2.11: up to CLOSED what is said is of the one before, by NOTIFY for example.
      this.heard.push("opening");
      this.mailbox = new MailboxModel();
    }
    if (this.mailbox === null) throw new GrammarError(`${what} without a mailbox`);
    this.mailbox.uidOnly = this.enabled.has("UIDONLY");
    return this.mailbox;
  }

  /** Has the client shown, now or before, that it knows mod-sequences (RFC 7162 section 3.1)? */
  knowsModseq({ text }: SentCommand): boolean {
    if (/MODSEQ|CONDSTORE|CHANGEDSINCE/i.test(text) || this.enabled.has("QRESYNC")) {
      this.enabled.add("CONDSTORE");
    }
    return this.enabled.has("CONDSTORE");
  }

  forgetAccount(): void {
    this.leave();
    this.enabled.clear();
    this.notifies = false;
    this.state = "not-authenticated";
  }

  leave(): void {
    this.mailbox = null;
    if (this.state === "selected") this.state = "authenticated";
  }
}
