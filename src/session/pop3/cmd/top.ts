import { ProtocolError } from "../../../core/errors.ts";
import { ok, parseCount, parseMessageNumber, TopCutter } from "../../../wire/pop3/mod.ts";
import { type Answer, entryOf, type Pop3Session } from "../context.ts";

/** RFC 1939 section 7. */
export function top(session: Pop3Session, rest: string): Answer {
  const [number, lines, ...more] = rest.split(" ");
  if (number === undefined || lines === undefined || more.length > 0) {
    throw new ProtocolError("TOP needs a message number and a number of lines");
  }
  const count = parseCount(lines);
  const entry = entryOf(session, parseMessageNumber(number));
  return { reply: ok(), message: cut(session.deps.store.bodies.read(entry.bodyId), new TopCutter(count)) };
}

async function* cut(content: AsyncIterable<Uint8Array>, cutter: TopCutter): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    yield cutter.write(chunk);
    if (cutter.done) return;
  }
}
