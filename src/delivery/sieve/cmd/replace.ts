import { concatBytes, encodeUtf8 } from "../../../core/bytes.ts";
import type { Machine } from "../machine.ts";
import { type Field, makeField } from "../message_view.ts";
import type { CommandRow } from "../rows.ts";

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
    const replacement = args.expectString("a replacement");
    return async (machine) => {
      const { structure } = machine.message.message.digest;
      const text = machine.text(replacement.text);
      const { part } = machine;
      if (part !== null && part !== structure) {
        await machine.message.replacePart(part, isMime ? encodeUtf8(text) : plainPart(text));
        return;
      }
      const { fields, body } = isMime ? splitMime(text) : { fields: PLAIN, body: encodeUtf8(text) };
      const kept = (await machine.message.fields()).filter(({ name }) => !CONTENT.test(name));
      const changes: [string, string | null][] = [
        ["Subject", subject === null ? null : machine.text(subject.text)],
        ["From", from === null ? null : machine.text(from.text)],
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
      const before = await machine.message.fields();
      const inner = await wholeMessage(machine);
      const boundary = boundaryFor(machine);
      const mark = (end: string) => encodeUtf8(`\r\n--${boundary}${end}\r\n`);
      const body = concatBytes([
        mark(""),
        plainPart(machine.text(text.text)),
        mark(""),
        encodeUtf8("Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"),
        inner,
        mark("--"),
      ]);
      const kept = before.filter(({ name }) => !CONTENT.test(name));
      const added = machine.texts(headers).map(splitField).filter((field) => field !== null);
      const outer = [
        ...withChanges(kept, [["Subject", subject === null ? null : machine.text(subject.text)]]),
        ...added,
        makeField("MIME-Version", "1.0"),
        makeField("Content-Type", `multipart/mixed; boundary="${boundary}"`),
      ];
      machine.message.replaceBody(outer, body);
    };
  },
};

const PLAIN: readonly Field[] = [
  makeField("MIME-Version", "1.0"),
  makeField("Content-Type", "text/plain; charset=utf-8"),
  makeField("Content-Transfer-Encoding", "8bit"),
];

function plainPart(text: string): Uint8Array {
  return encodeUtf8(
    `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text}`,
  );
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

async function wholeMessage(machine: Machine): Promise<Uint8Array> {
  const { header, body } = machine.message.version();
  const { bodyStart } = machine.message.message.digest.structure;
  return concatBytes([
    header ?? await machine.message.bytes(0, bodyStart),
    body ?? await machine.message.bytes(bodyStart, machine.message.message.size),
  ]);
}

/** Nobody who wrote the message could know it. */
function boundaryFor({ input }: Machine): string {
  return `mailden-${input.now.toString(36)}-${input.message.size.toString(36)}-${input.boundary}`;
}
