import { formatAddress } from "../../../core/address.ts";
import { concatBytes, encodeUtf8 } from "../../../core/bytes.ts";
import { formatDate, plainTextEntity } from "../../../wire/mime/mod.ts";
import type { Machine } from "../machine.ts";
import { type Field, makeField } from "../message_view.ts";
import type { CommandRow } from "../rows.ts";
import { tryAddress } from "../script_address.ts";
import { isConstant } from "../text.ts";

/** Fields that describe the body, and so go with it. */
const CONTENT = /^(content-|mime-version$)/;

/** RFC 5703 section 5: another text in the place of a part, or of the whole body. */
export const replace: CommandRow = {
  name: "replace",
  requires: "replace",
  compile({ args }) {
    const isMime = args.flag("mime");
    const subject = args.tagString("subject");
    const from = args.tagString("from");
    if (isMime && (subject ?? from) !== null) {
      args.fail(
        ":mime brings its own header, so :subject and :from cannot stand with it",
        (subject ?? from)!.at,
      );
    }
    if (from !== null && isConstant(from.text) && tryAddress(from.text) === null) {
      args.fail(":from needs a mail address", from.at);
    }
    const replacement = args.expectString("a replacement");
    return async (machine) => {
      const text = machine.text(replacement.text);
      const { part } = machine;
      if (part !== null && part !== await machine.structure()) {
        await machine.message.replacePart(part, encodeUtf8(isMime ? text : plainPart(text)));
        return;
      }
      const { fields, body } = isMime ? splitMime(text) : plainBody(text);
      const kept = (await machine.message.fields()).filter(({ name }) => !CONTENT.test(name));
      const sender = from === null ? null : machine.text(from.text);
      const changes: [string, string | null][] = [
        ["Subject", subject === null ? null : machine.text(subject.text)],
        // One that cannot be used counts as if it were not there.
        ["From", sender === null || tryAddress(sender) === null ? null : sender],
      ];
      machine.message.replaceBody([...withChanges(kept, changes), ...fields], body);
    };
  },
};

/** RFC 5703 section 6: the message becomes an attachment of a new one. */
export const enclose: CommandRow = {
  name: "enclose",
  requires: "enclose",
  compile({ args }) {
    const subject = args.tagString("subject");
    const headers = args.tagStrings("headers") ?? [];
    const text = args.expectString("a text");
    return async (machine) => {
      machine.noteEnclosing();
      const before = await machine.message.fields();
      const inner = await machine.message.whole();
      const boundary = boundaryFor(machine);
      const body = concatBytes([
        encodeUtf8(
          `--${boundary}\r\n${plainPart(machine.text(text.text))}\r\n--${boundary}\r\n${ATTACHED}\r\n`,
        ),
        inner.header,
        inner.body,
        encodeUtf8(`\r\n--${boundary}--\r\n`),
      ]);
      const copied = new Set(machine.texts(headers).map((name) => name.toLowerCase()));
      const kept = before.filter(({ name }) => copied.has(name) && !CONTENT.test(name));
      const given = subject === null
        ? before.filter(({ name }) => name === "subject")
        : [makeField("Subject", machine.text(subject.text))];
      const others = [...given, ...newFields(machine, boundary)];
      machine.message.replaceBody([
        ...kept,
        ...others.filter(({ name }) => !kept.some((field) => field.name === name)),
        makeField("MIME-Version", "1.0"),
        makeField("Content-Type", `multipart/mixed; boundary="${boundary}"`),
      ], body);
    };
  },
};

const ATTACHED = "Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n";

/** A message that the owner's script makes (RFC 5703 section 6). */
function newFields({ input: { now, zoneMinutes, owner } }: Machine, id: string): Field[] {
  return [
    makeField("From", `<${formatAddress(owner)}>`),
    makeField("Date", formatDate(now, zoneMinutes)),
    makeField("Message-ID", `<${id}@${owner.domain}>`),
  ];
}

function plainBody(text: string): { fields: Field[]; body: Uint8Array } {
  const { fields, body } = plainTextEntity(text);
  return {
    fields: [makeField("MIME-Version", "1.0"), ...fields.map(([name, value]) => makeField(name, value))],
    body: encodeUtf8(body),
  };
}

/** A part with its header. */
function plainPart(text: string): string {
  const { fields, body } = plainTextEntity(text);
  return `${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

/** Section 5: what was there before stays to be seen, under another name. */
function withChanges(
  fields: readonly Field[],
  changes: readonly (readonly [string, string | null])[],
): Field[] {
  let changed = [...fields];
  for (const [name, value] of changes) {
    if (value === null) continue;
    const originals = changed.filter((field) => field.name === name.toLowerCase());
    changed = changed.filter((field) => field.name !== name.toLowerCase());
    changed.push(makeField(name, value), ...originals.map(({ raw }) => makeField(`Original-${name}`, raw)));
  }
  return changed;
}

/** A replacement that brings its own header. */
function splitMime(text: string): { fields: Field[]; body: Uint8Array } {
  const end = text.indexOf("\r\n\r\n");
  const header = end < 0 ? "" : text.slice(0, end);
  const fields = header.replace(/\r\n[ \t]+/g, " ").split("\r\n").map(splitField).filter((field) =>
    field !== null
  );
  const body = end < 0 ? text : text.slice(end + 4);
  return {
    fields: [makeField("MIME-Version", "1.0"), ...fields.filter(({ name }) => name.startsWith("content-"))],
    body: encodeUtf8(body),
  };
}

function splitField(line: string): Field | null {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon)).trim();
  return /^[\x21-\x39\x3b-\x7e]{1,200}$/.test(name) ? makeField(name, line.slice(colon + 1)) : null;
}

/** Nobody who wrote the message could know it. */
function boundaryFor({ input }: Machine): string {
  return `mailden-${input.now.toString(36)}-${input.message.size.toString(36)}-${input.boundary}`;
}
