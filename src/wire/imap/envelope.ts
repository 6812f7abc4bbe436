import type { HeaderAddress, MessageEnvelope } from "../mime/digest.ts";
import type { Encoder } from "./encoder.ts";

/** Writes ENVELOPE (RFC 3501 section 7.4.2). */
export function encodeEnvelope(encoder: Encoder, envelope: MessageEnvelope): void {
  // "If the Sender or Reply-To lines are absent or empty, the server sets them to the From."
  const sender = envelope.sender.length > 0 ? envelope.sender : envelope.from;
  const replyTo = envelope.replyTo.length > 0 ? envelope.replyTo : envelope.from;
  encoder.text("(").nstring(envelope.date).text(" ").nstring(envelope.subject);
  for (const list of [envelope.from, sender, replyTo, envelope.to, envelope.cc, envelope.bcc]) {
    encoder.text(" ");
    encodeAddresses(encoder, list);
  }
  encoder.text(" ").nstring(envelope.inReplyTo).text(" ").nstring(envelope.messageId).text(")");
}

function encodeAddresses(encoder: Encoder, addresses: readonly HeaderAddress[]): void {
  if (addresses.length === 0) {
    encoder.text("NIL");
    return;
  }
  encoder.text("(");
  for (const { name, route, mailbox, host } of addresses) {
    encoder.text("(").nstring(name).text(" ").nstring(route);
    encoder.text(" ").nstring(mailbox).text(" ").nstring(host).text(")");
  }
  encoder.text(")");
}
