import { type Address, needsSmtpUtf8 } from "../../core/address.ts";
import { concatBytes } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { type Reply, reply } from "../../core/reply.ts";
import type { Attempt } from "../../queue/courier.ts";
import { commandLine, dotStuff, mailCommand, rcptCommand } from "../../wire/smtp/mod.ts";
import { asRefusal, ContentError, HostFailure, isDone } from "./failure.ts";
import type { Peer } from "./peer.ts";
import type { RemoteTimeouts } from "./settings.ts";

/** The bytes of the commands before the data. */
interface Commands {
  readonly mail: Uint8Array;
  /** One for each recipient. */
  readonly rcpts: readonly Uint8Array[];
}

/** RFC 5321 section 3.8: the host closes the connection after this, whatever the command was. */
const CLOSING = 421;

/**
 * One message on an open connection. `run` resolves when every recipient has its answer; when it throws (`HostFailure`, or a lost
 * connection) those in `answers` have theirs, and the others may be tried elsewhere unless `finalDotSent`.
 */
export class Transaction {
  /** By recipient, once it is final. */
  readonly answers = new Map<Address, Reply>();
  /** The host may have the message, whether or not we heard so. */
  finalDotSent = false;
  readonly #peer: Peer;
  readonly #attempt: Attempt;
  readonly #recipients: readonly Address[];
  readonly #timeouts: RemoteTimeouts;
  #accepted: Address[] = [];

  constructor(
    peer: Peer,
    attempt: Attempt,
    options: { readonly recipients: readonly Address[]; readonly timeouts: RemoteTimeouts },
  ) {
    this.#peer = peer;
    this.#attempt = attempt;
    this.#recipients = options.recipients;
    this.#timeouts = options.timeouts;
  }

  async run(): Promise<void> {
    const impossible = this.#findObstacle();
    if (impossible !== null) return this.#answerAll(this.#recipients, impossible);
    const commands = this.#writeCommands();
    if (commands === null) {
      return this.#answerAll(this.#recipients, reply(553, "5.1.3", "The address cannot be sent by SMTP"));
    }
    if (this.#peer.unfinished) await this.#reset();
    this.#peer.unfinished = true;
    if (this.#peer.offers("PIPELINING")) await this.#sendPipelined(commands);
    else await this.#sendStepwise(commands);
  }

  /** What would be refused anyway is not sent. */
  #findObstacle(): Reply | null {
    const { offer } = this.#peer;
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
    const { sender, size, eightBit } = this.#attempt;
    const smtputf8 = this.#needsUtf8;
    try {
      return {
        mail: mailCommand(sender, {
          size: peer.offers("SIZE") ? size : null,
          eightBit: eightBit && peer.offers("8BITMIME"),
          smtputf8,
        }),
        rcpts: this.#recipients.map((recipient) => rcptCommand(recipient, { smtputf8 })),
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
    await this.#judgeData(await peer.command(commandLine("DATA"), this.#timeouts.data));
  }

  /** MAIL, all RCPT and DATA in one write (RFC 2920 section 3.1); then as many replies. */
  async #sendPipelined({ mail, rcpts }: Commands): Promise<void> {
    const peer = this.#peer;
    await peer.conn.write(concatBytes([mail, ...rcpts, commandLine("DATA")]));
    this.#judgeMail(await peer.reply(this.#timeouts.mail));
    const refused = this.#isAnswered();
    for (const recipient of this.#recipients) {
      const answer = await peer.reply(this.#timeouts.rcpt);
      if (!refused) this.#judgeRcpt(recipient, answer);
    }
    await this.#judgeData(await peer.reply(this.#timeouts.data));
  }

  #judgeMail(answer: Reply): void {
    if (isDone(answer)) return;
    // Nobody was named yet, so another host may be better off; a permanent refusal of the sender is one for all hosts.
    if (!answer.isPermanent) throw new HostFailure(asRefusal(answer), this.#peer.host);
    this.#answerAll(this.#recipients, answer);
  }

  #judgeRcpt(recipient: Address, answer: Reply): void {
    if (answer.code === CLOSING) throw new HostFailure(answer, this.#peer.host);
    if (isDone(answer)) this.#accepted.push(recipient);
    else this.answers.set(recipient, asRefusal(answer));
  }

  async #judgeData(answer: Reply): Promise<void> {
    const goAhead = answer.code === 354;
    if (this.#accepted.length === 0) {
      // RFC 2920 section 3.1: a server that asks for data nobody gets is sent none.
      if (goAhead) await this.#peer.command(new TextEncoder().encode(".\r\n"), this.#timeouts.final);
      return;
    }
    if (answer.code === CLOSING) throw new HostFailure(answer, this.#peer.host);
    if (!goAhead) return this.#answerAll(this.#accepted, asRefusal(answer));
    await this.#sendContent();
    const final = await this.#peer.reply(this.#timeouts.final);
    this.#peer.unfinished = false;
    this.#peer.messages++;
    this.#answerAll(this.#accepted, isDone(final) ? final : asRefusal(final));
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

  #answerAll(recipients: readonly Address[], answer: Reply): void {
    for (const recipient of recipients) this.answers.set(recipient, answer);
  }
}
