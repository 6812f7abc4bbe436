import { type Address, formatAddress, needsSmtpUtf8 } from "../core/address.ts";
import { encodeUtf8 } from "../core/bytes.ts";
import { makeId } from "../core/id.ts";
import type { Clock, Random, Submit, SubmitContext } from "../core/ports.ts";
import { formatDate } from "../wire/mime/mod.ts";

export interface OwnLetterDeps {
  readonly hostname: string;
  readonly submit: Submit;
  readonly clock: Clock;
  readonly random: Random;
}

export interface OwnLetter {
  readonly to: Address;
  readonly subject: string;
  /** Lines end in LF. */
  readonly text: string;
  /** To be kept in the same commit. */
  readonly facts?: NonNullable<SubmitContext["facts"]>;
}

/** Sends what the server itself has to tell somebody, as its postmaster. Throws what the door throws. */
export async function sendOwnLetter(
  { to, subject, text, facts = [] }: OwnLetter,
  { hostname, submit, clock, random }: OwnLetterDeps,
): Promise<void> {
  const id = makeId(clock, random);
  const header = [
    `From: Mailden <postmaster@${hostname}>`,
    `To: ${formatAddress(to)}`,
    `Subject: ${subject}`,
    `Date: ${formatDate(clock.now())}`,
    `Message-ID: <${id}@${hostname}>`,
    // RFC 3834 section 5: nobody's program shall answer it.
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
  ];
  const message = `${header.join("\n")}\n\n${text}`.replaceAll("\n", "\r\n");
  await submit(
    { sender: null, recipients: [to], smtputf8: needsSmtpUtf8(to), eightBit: true },
    [encodeUtf8(message)],
    { id, sessionId: id, origin: "report", protocol: "", client: null, account: null, tls: null, facts },
  );
}
