/** The store's contract: what every implementation must do. `memory_store_test.ts` and `sqlite_store_test.ts` run it. */
import { accountCases } from "./accounts.ts";
import { aclCases } from "./acl.ts";
import { annotationCases } from "./annotations.ts";
import { appendCases } from "./append.ts";
import { bodyCases } from "./bodies.ts";
import { busCases } from "./bus.ts";
import { closingCases } from "./closing.ts";
import { concurrencyCases } from "./concurrency.ts";
import { factCases } from "./facts.ts";
import { type OpenedStore, runSuite } from "./harness.ts";
import { hiddenCases } from "./hidden.ts";
import { mailboxCases } from "./mailboxes.ts";
import { messageCases } from "./messages.ts";
import { orderingCases } from "./ordering.ts";
import { scriptCases } from "./scripts.ts";
import { searchCases } from "./search.ts";
import { spoolCases } from "./spool.ts";
import { traceCases } from "./trace.ts";

const SUITES = {
  accounts: accountCases,
  mailboxes: mailboxCases,
  messages: messageCases,
  append: appendCases,
  acl: aclCases,
  annotations: annotationCases,
  bodies: bodyCases,
  scripts: scriptCases,
  search: searchCases,
  ordering: orderingCases,
  spool: spoolCases,
  trace: traceCases,
  facts: factCases,
  hidden: hiddenCases,
  bus: busCases,
  concurrency: concurrencyCases,
  // Its only case closes the store.
  closing: closingCases,
};

export function testStoreContract(kind: string, open: () => Promise<OpenedStore>): void {
  for (const [name, cases] of Object.entries(SUITES)) {
    Deno.test(`${kind} store: ${name}`, (t) => runSuite(t, cases, open));
  }
}
