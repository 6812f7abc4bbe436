import { openImap } from "../../src/retrieval/imap/open.ts";
import { ImapVisit } from "../../src/retrieval/imap/visit.ts";
import { Marks } from "../../src/retrieval/marks.ts";
import { sourceKey, type SourceSpec } from "../../src/retrieval/mod.ts";
import { openPop3 } from "../../src/retrieval/pop3/open.ts";
import { Pop3Visit } from "../../src/retrieval/pop3/visit.ts";
import { StumblingBlocks } from "../../src/retrieval/stumbling.ts";
import type { Sweep } from "../../src/retrieval/visit.ts";
import type { Scripted } from "./scripted.ts";

/** One look at a source: connect, log in, sweep, leave. */
export async function look(
  { deps }: Scripted,
  spec: SourceSpec,
  { blocks = new StumblingBlocks(deps.clock), password = "s3cret" }: {
    readonly blocks?: StumblingBlocks;
    readonly password?: string;
  } = {},
): Promise<Sweep> {
  const marks = new Marks(sourceKey(spec), {
    facts: deps.facts,
    now: () => deps.clock.now(),
    rememberDays: () => deps.settings.current.rememberDays,
  });
  const credential = { kind: "password" as const, password };
  const options = { spec, credential, deps, signal: new AbortController().signal };
  const parts = { spec, marks, deps, blocks };
  const visit = spec.protocol === "imap"
    ? new ImapVisit(await openImap(options), parts)
    : new Pop3Visit(await openPop3(options), parts);
  try {
    return await visit.sweep();
  } finally {
    await visit.leave();
  }
}
