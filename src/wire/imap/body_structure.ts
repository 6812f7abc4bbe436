import { encodeUtf8 } from "../../core/bytes.ts";
import type { MessageEnvelope, Parameters, Part } from "../mime/digest.ts";
import type { Encoder } from "./encoder.ts";
import { encodeEnvelope } from "./envelope.ts";

/** What is left to be written, the next on top: a part, or something that follows one. */
type Task = { readonly part: Part } | { readonly write: () => void };

const EMPTY_ENVELOPE: MessageEnvelope = {
  date: null,
  subject: null,
  from: [],
  sender: [],
  replyTo: [],
  to: [],
  cc: [],
  bcc: [],
  inReplyTo: null,
  messageId: null,
};

/**
 * Writes BODYSTRUCTURE, or with `extended` false BODY (RFC 3501 section 7.4.2). A stack of tasks stands in for
 * recursion, so a deeply nested message is as good as any.
 */
export function encodeStructure(encoder: Encoder, top: Part, extended: boolean): void {
  const tasks: Task[] = [{ part: top }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ("write" in task) task.write();
    else if (task.part.type === "multipart") openMultipart(encoder, tasks, task.part, extended);
    else openPart(encoder, tasks, task.part, extended);
  }
}

function openMultipart(encoder: Encoder, tasks: Task[], part: Part, extended: boolean): void {
  encoder.text("(");
  tasks.push({
    write: () => {
      encoder.text(" ").string(part.subtype);
      if (extended) {
        encoder.text(" ");
        encodeParameters(encoder, part.params);
        encodeCommonExtension(encoder, part);
      }
      encoder.text(")");
    },
  });
  // The grammar knows no multipart without parts: one that has none shows an empty text.
  const children = part.children.length > 0 ? part.children : [emptyText(part.bodyEnd)];
  for (let i = children.length - 1; i >= 0; i--) tasks.push({ part: children[i]! });
}

function openPart(encoder: Encoder, tasks: Task[], part: Part, extended: boolean): void {
  const isText = part.type === "text";
  const isMessage = showsMessage(encoder, part);
  encoder.text("(").string(part.type).text(" ").string(part.subtype).text(" ");
  encodeParameters(encoder, part.params);
  encoder.text(" ").nstring(part.id).text(" ").nstring(part.description);
  encoder.text(" ").string(part.encoding).text(" ").number(part.bodyEnd - part.bodyStart);
  tasks.push({
    write: () => {
      if (isText || isMessage) encoder.text(" ").number(part.lines);
      if (extended) {
        encoder.text(" ").nstring(part.md5);
        encodeCommonExtension(encoder, part);
      }
      encoder.text(")");
    },
  });
  if (!isMessage) return;
  encoder.text(" ");
  // A message that the MIME parser did not open (too deep) is shown as one without header and text.
  encodeEnvelope(encoder, part.message?.envelope ?? EMPTY_ENVELOPE);
  encoder.text(" ");
  tasks.push({ part: part.message?.part ?? emptyText(part.bodyEnd) });
}

/**
 * Whether the message inside is shown. That of a message/global is by RFC 9051 section 9 `media-message`; RFC 3501 knows only
 * message/rfc822, and takes all else for a part of any kind.
 */
function showsMessage(encoder: Encoder, { type, subtype }: Part): boolean {
  if (type !== "message") return false;
  if (subtype !== "global") return subtype === "rfc822";
  encoder.dependsOnUtf8 = true;
  return encoder.utf8;
}

/** Disposition, language and location, which end both kinds of body. */
function encodeCommonExtension(encoder: Encoder, part: Part): void {
  encoder.text(" ");
  if (part.disposition === null) encoder.text("NIL");
  else {
    encoder.text("(").string(part.disposition.type).text(" ");
    encodeParameters(encoder, part.disposition.params);
    encoder.text(")");
  }
  encoder.text(" ");
  if (part.language.length <= 1) encoder.nstring(part.language[0] ?? null);
  else {
    encoder.text("(");
    part.language.forEach((tag, i) => encoder.text(i === 0 ? "" : " ").string(tag));
    encoder.text(")");
  }
  encoder.text(" ").nstring(part.location);
}

function encodeParameters(encoder: Encoder, params: Parameters): void {
  if (params.length === 0) {
    encoder.text("NIL");
    return;
  }
  encoder.text("(");
  params.forEach(([name, value], i) => {
    encoder.text(i === 0 ? "" : " ");
    // Without UTF-8 switched on strings are ASCII: other values go back into the form of RFC 2231 section 4.
    const ascii = isAscii(value);
    if (!ascii) encoder.dependsOnUtf8 = true;
    if (encoder.utf8 || ascii) encoder.string(name).text(" ").string(value);
    else encoder.string(`${name}*`).text(" ").string(`utf-8''${percentEncode(value)}`);
  });
  encoder.text(")");
}

function emptyText(at: number): Part {
  return {
    type: "text",
    subtype: "plain",
    params: [["charset", "us-ascii"]],
    id: null,
    description: null,
    encoding: "7bit",
    md5: null,
    disposition: null,
    language: [],
    location: null,
    headerStart: at,
    bodyStart: at,
    bodyEnd: at,
    lines: 0,
    children: [],
    message: null,
  };
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

function percentEncode(text: string): string {
  let out = "";
  for (const byte of encodeUtf8(text)) {
    const char = String.fromCharCode(byte);
    out += /[A-Za-z0-9._-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}
