import { type Address, needsSmtpUtf8 } from "../../core/address.ts";
import { concatBytes } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { type Reply, reply } from "../../core/reply.ts";
import type { Attempt } from "../../queue/courier.ts";
import { commandLine, dotStuff, mailCommand, rcptCommand } from "../../wire/smtp/mod.ts";
import { sendChunks } from "./chunks.ts";
import { asRefusal, ContentError, HostFailure, isDone, PolicyFailure } from "./failure.ts";
import type { RefusalStep } from "./fallback.ts";
import type { Peer } from "./peer.ts";
import type { RemoteTimeouts } from "./settings.ts";

/** The bytes of the commands before the data. */
interface Commands {
  readonly mail: Uint8Array;
  /** One for each recipient. */
  readonly rcpts: readonly Uint8Array[];
}

/** What a recipient was answered, and where; `step` is null when the words are ours. */
export interface Answer {
  readonly reply: Reply;
  readonly step: RefusalStep | null;
}

/** RFC 5321 section 3.8: the host closes the connection after this, whatever the command was. */
const CLOSING = 421;

/**
 * One message on an open connection. `run` resolves when every recipient has its answer; when it throws (`HostFailure`, or a lost
 * connection) those in `answers` have theirs, and the others may be tried elsewhere unless `finalDotSent`.
 */
export class Transaction {
  /** By recipient, once it is final. */
  readonly answers = new Map<Address, Answer>();
  /** The host may have the message, whether or not we heard so. */
  finalDotSent = false;
  readonly #peer: Peer;
  readonly #attempt: Attempt;
  readonly #recipients: readonly Address[];
  readonly #timeouts: RemoteTimeouts;
  readonly #bdatSize: number;
  #accepted: Address[] = [];

  constructor(
    peer: Peer,
    attempt: Attempt,
    options: {
      readonly recipients: readonly Address[];
      readonly timeouts: RemoteTimeouts;
      readonly bdatSize: number;
    },
  ) {
    this.#peer = peer;
    this.#attempt = attempt;
    this.#recipients = options.recipients;
    this.#timeouts = options.timeouts;
    this.#bdatSize = options.bdatSize;
  }

  /** What the sender wants to be told is told to the host (RFC 3461 section 5.2.1). */
  get passesDsnOn(): boolean {
    return this.#attempt.dsn !== undefined && this.#peer.offers("DSN");
  }

  async run(): Promise<void> {
    const impossible = this.#findObstacle();
    if (impossible !== null) return this.#answerAll(this.#recipients, { reply: impossible, step: null });
    const commands = this.#writeCommands();
    if (commands === null) {
      const words = reply(553, "5.1.3", "The address cannot be sent by SMTP");
      return this.#answerAll(this.#recipients, { reply: words, step: null });
    }
    if (this.#peer.unfinished) await this.#reset();
    this.#peer.unfinished = true;
    if (this.#peer.offers("PIPELINING")) await this.#sendPipelined(commands);
    else await this.#sendStepwise(commands);
  }

  /** What would be refused anyway is not sent. */
  #findObstacle(): Reply | null {
    const { offer } = this.#peer;
    if (this.#attempt.requireTls === true && !this.#peer.offers("REQUIRETLS")) {
      // RFC 8689 section 4.2.1: another host may offer it; when none does, the message comes back.
      const words = reply(550, "5.7.30", "The host does not support REQUIRETLS, which the sender asked for");
      throw new PolicyFailure(words, { target: this.#peer.target, flaw: null });
    }
    // RFC 3030 section 3; to convert it would break its signatures.
    if (this.#isBinary && !(this.#peer.offers("BINARYMIME") && this.#peer.offers("CHUNKING"))) {
      return reply(554, "5.6.3", "The host cannot take binary messages (BINARYMIME)");
    }
    // RFC 1870 section 6.1 (3)
    if (offer.size !== null && this.#attempt.size > offer.size) {
      return reply(552, "5.3.4", `The message has ${this.#attempt.size} bytes, the host takes ${offer.size}`);
    }
    // RFC 6531 section 3.1 (8)
    if (this.#needsUtf8 && !this.#peer.offers("SMTPUTF8")) {
      return reply(550, "5.6.7", "The host cannot take internationalized addresses or headers");
    }
    return null;
  }

  get #isBinary(): boolean {
    return this.#attempt.binary === true;
  }

  get #usesBdat(): boolean {
    return this.#peer.offers("CHUNKING") && (this.#isBinary || this.#attempt.size >= this.#bdatSize);
  }

  get #needsUtf8(): boolean {
    const { smtputf8, sender } = this.#attempt;
    return smtputf8 || needsSmtpUtf8(sender) || this.#recipients.some(needsSmtpUtf8);
  }

  /**
   * An 8-bit message goes to a host without 8BITMIME as it is, though RFC 6152 section 3 asks to convert or to bounce it: every
   * server in use passes the eighth bit, a conversion breaks signatures, and a bounce helps nobody.
   */
  #writeCommands(): Commands | null {
    const peer = this.#peer;
    const { sender, size, eightBit, recipients } = this.#attempt;
    const smtputf8 = this.#needsUtf8;
    const dsn = this.passesDsnOn ? this.#attempt.dsn! : null;
    try {
      return {
        mail: mailCommand(sender, {
          size: peer.offers("SIZE") ? size : null,
          eightBit: eightBit && peer.offers("8BITMIME"),
          binary: this.#isBinary,
          smtputf8,
          requireTls: this.#attempt.requireTls === true,
          dsn,
        }),
        rcpts: this.#recipients.map((recipient) => {
          const wishes = dsn?.recipients[recipients.indexOf(recipient)] ?? null;
          return rcptCommand(recipient, { smtputf8, dsn: wishes });
        }),
      };
    } catch (error) {
      if (error instanceof ProtocolError) return null;
      throw error;
    }
  }

  async #sendStepwise({ mail, rcpts }: Commands): Promise<void> {
    const peer = this.#peer;
    this.#judgeMail(await peer.command(mail, this.#timeouts.mail));
    if (this.#isAnswered()) return;
    for (const [index, recipient] of this.#recipients.entries()) {
      this.#judgeRcpt(recipient, await peer.command(rcpts[index]!, this.#timeouts.rcpt));
    }
    if (this.#accepted.length === 0) return;
    if (this.#usesBdat) return await this.#sendBdat();
    await this.#judgeData(await peer.command(commandLine("DATA"), this.#timeouts.data));
  }

  /** MAIL, all RCPT and DATA in one write (RFC 2920 section 3.1); then as many replies. BDAT waits for them. */
  async #sendPipelined({ mail, rcpts }: Commands): Promise<void> {
    const peer = this.#peer;
    const data = this.#usesBdat ? [] : [commandLine("DATA")];
    await peer.conn.write(concatBytes([mail, ...rcpts, ...data]));
    this.#judgeMail(await peer.reply(this.#timeouts.mail));
    const refused = this.#isAnswered();
    for (const recipient of this.#recipients) {
      const answer = await peer.reply(this.#timeouts.rcpt);
      if (!refused) this.#judgeRcpt(recipient, answer);
    }
    if (this.#usesBdat) return this.#accepted.length === 0 ? undefined : await this.#sendBdat();
    await this.#judgeData(await peer.reply(this.#timeouts.data));
  }

  #judgeMail(answer: Reply): void {
    if (isDone(answer)) return;
    // Nobody was named yet, so another host may be better off; a permanent refusal of the sender is one for all hosts.
    if (!answer.isPermanent) throw new HostFailure(asRefusal(answer), this.#peer.host);
    this.#answerAll(this.#recipients, { reply: answer, step: "host" });
  }

  #judgeRcpt(recipient: Address, answer: Reply): void {
    if (answer.code === CLOSING) throw new HostFailure(answer, this.#peer.host);
    if (isDone(answer)) this.#accepted.push(recipient);
    else this.answers.set(recipient, { reply: asRefusal(answer), step: "recipient" });
  }

  async #judgeData(answer: Reply): Promise<void> {
    const goAhead = answer.code === 354;
    if (this.#accepted.length === 0) {
      // RFC 2920 section 3.1: a server that asks for data nobody gets is sent none.
      if (goAhead) await this.#peer.command(new TextEncoder().encode(".\r\n"), this.#timeouts.final);
      return;
    }
    if (answer.code === CLOSING) throw new HostFailure(answer, this.#peer.host);
    if (!goAhead) return this.#answerAll(this.#accepted, { reply: asRefusal(answer), step: "message" });
    await this.#sendContent();
    this.#judgeFinal(await this.#peer.reply(this.#timeouts.final));
  }

  #judgeFinal(answer: Reply): void {
    this.#peer.unfinished = false;
    this.#peer.messages++;
    const final = isDone(answer) ? answer : asRefusal(answer);
    this.#answerAll(this.#accepted, { reply: final, step: "message" });
  }

  async #sendBdat(): Promise<void> {
    const { reply: answer, isComplete } = await sendChunks(this.#peer, this.#content(), {
      isBinary: this.#isBinary,
      timeouts: this.#timeouts,
      onLast: () => this.finalDotSent = true,
    });
    if (isComplete) return this.#judgeFinal(answer);
    if (answer.code === CLOSING) throw new HostFailure(answer, this.#peer.host);
    this.#answerAll(this.#accepted, { reply: asRefusal(answer), step: "message" });
  }

  /** The last piece and the final dot leave in one write: for a small message that saves a packet and a wait. */
  async #sendContent(): Promise<void> {
    const { conn } = this.#peer;
    let held: Uint8Array = new Uint8Array(0);
    let previous: Uint8Array = held;
    for await (const piece of dotStuff(this.#content())) {
      if (previous.length > 0) await conn.write(previous);
      previous = held;
      held = piece;
    }
    this.finalDotSent = true;
    await conn.write(concatBytes([previous, held]));
  }

  async *#content(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#attempt.content();
    } catch (error) {
      throw new ContentError("The message could not be read from the store", { cause: error });
    }
  }

  async #reset(): Promise<void> {
    const answer = await this.#peer.command(commandLine("RSET"), this.#timeouts.command);
    if (!isDone(answer)) throw new HostFailure(asRefusal(answer), this.#peer.host);
    this.#peer.unfinished = false;
  }

  #isAnswered(): boolean {
    return this.answers.size === this.#recipients.length;
  }

  #answerAll(recipients: readonly Address[], answer: Answer): void {
    for (const recipient of recipients) this.answers.set(recipient, answer);
  }
}
