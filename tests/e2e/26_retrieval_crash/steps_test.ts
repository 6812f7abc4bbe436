//   provider (a second Mailden) <--TLS-- a relay that stops everything at one place <--TLS-- Mailden, killed there with SIGKILL
//   between every two steps of fetching two messages and deleting them there; afterwards each is in alice's mailbox exactly once
import assert from "node:assert/strict";
import { makeCertificate } from "../../support/certificate.ts";
import type { Mailden } from "../../support/mailden.ts";
import { PROVIDER, type Provider, REMOTE_USER, startProvider } from "../../support/provider.ts";
import { type Cut, TlsRelay } from "../../support/tls_relay.ts";
import { PATIENCE_MS } from "../../support/patience.ts";

const ALICE = "alice@example.test";

/** Where it is killed; `one` and `two` are the subjects of the two messages of this step. */
type Step = (one: string, two: string) => Cut & { readonly stored?: number };

const asks = (at: RegExp): Cut => ({ side: "client", at, passes: false });
/** The other side has it, and its answer never comes. */
const hasAsked = (at: RegExp): Cut => ({ side: "client", at, passes: true });
const hears = (at: RegExp): Cut => ({ side: "server", at, passes: true });

const IMAP: readonly (readonly [where: string, step: Step])[] = [
  ["before it logs in", () => asks(/AUTHENTICATE/)],
  ["before the folder is opened", () => asks(/SELECT/)],
  ["before it asks what is there", () => asks(/UID FETCH \d+:\*/)],
  ["before it hears what is there", () => hasAsked(/UID FETCH \d+:\*[^\r]*\r\n/)],
  ["before the first message is asked for", () => asks(/UID FETCH \d+ \(UID BODY/)],
  ["in the middle of the first message", (one) => hears(new RegExp(`Subject: ${one}`))],
  [
    "when the first message has come, and not the OK behind it",
    (one) => hears(new RegExp(`Subject: ${one}[^]*?end\\r\\n\\)\\r\\n`)),
  ],
  [
    "when the first is stored, before the second is asked for",
    () => asks(/(?<=UID BODY[^]*)UID FETCH \d+ \(UID BODY/),
  ],
  ["in the middle of the second message", (_, two) => hears(new RegExp(`Subject: ${two}`))],
  ["when both are stored, before they are marked there", () => asks(/UID STORE/)],
  ["when they are marked there, before that is known", () => hasAsked(/UID STORE[^\r]*\r\n/)],
  ["before they are deleted there", () => asks(/UID EXPUNGE/)],
  ["when they are deleted there, before that is known", () => hasAsked(/UID EXPUNGE[^\r]*\r\n/)],
  ["before it takes its leave", () => asks(/LOGOUT/)],
];

const POP3: typeof IMAP = [
  ["before it logs in", () => asks(/AUTH /)],
  ["before it asks for the ids", () => asks(/UIDL/)],
  ["before it asks for the sizes", () => asks(/LIST/)],
  ["before the first message is asked for", () => asks(/RETR/)],
  ["in the middle of the first message", (one) => hears(new RegExp(`Subject: ${one}`))],
  ["when the first message has come", (one) => ({
    ...hears(new RegExp(`Subject: ${one}[^]*?end\\r\\n\\.\\r\\n`)),
    stored: 1,
  })],
  ["in the middle of the second message", (_, two) => hears(new RegExp(`Subject: ${two}`))],
  ["when both are stored, before they are deleted there", () => asks(/DELE/)],
  ["between two deletions", () => asks(/(?<=DELE[^]*)DELE/)],
  ["when their deletion is asked for, before that is known", () => hasAsked(/DELE \d+\r\nDELE \d+\r\n/)],
  ["before it takes its leave", () => asks(/QUIT/)],
  ["when they are deleted there, before that is known", () => hasAsked(/QUIT\r\n/)],
];

async function subjects(server: Mailden, account: string): Promise<string[]> {
  await using imap = await server.imap(account);
  if (await imap.select("INBOX") === 0) return [];
  const { untagged } = await imap.ok("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  return untagged.flatMap((line) => /Subject: (\S+)/.exec(line)?.[1] ?? []).sort();
}

async function relayTo(provider: Provider, protocol: "imap" | "pop3"): Promise<TlsRelay> {
  const identity = await makeCertificate({ names: [PROVIDER], issuer: provider.authority });
  const port = provider.server.ports[protocol === "imap" ? "imaps" : "pop3s"];
  const caCerts = [provider.authority.certificate];
  return new TlsRelay({ identity, upstream: { host: "127.0.0.1", port, caCerts }, serverName: PROVIDER });
}

for (const [protocol, steps] of [["imap", IMAP], ["pop3", POP3]] as const) {
  Deno.test(`e2e: ${protocol}: SIGKILL between every two steps`, async (t) => {
    await using provider = await startProvider();
    await using relay = await relayTo(provider, protocol);
    const source = provider.source(protocol, { keep: "delete", port: relay.port });
    await using server = await provider.fetcher({
      accounts: { [ALICE]: "a" },
      config: {
        retrieval: { first_retry: "1s" },
        domains: { "example.test": { accounts: { alice: { retrieve: [source] } } } },
      },
    });
    const expected: string[] = [];
    for (const [number, [where, step]] of steps.entries()) {
      await t.step(where, async () => {
        const [one, two] = [`s${number}a`, `s${number}b`];
        for (const subject of [one, two]) {
          await provider.post(subject, { body: `${"line\r\n".repeat(2000)}end\r\n` });
        }
        expected.push(one, two);
        const { stored = 0, ...cut } = step(one, two);
        const from = server.log.length;
        const reached = relay.cut(cut);
        await server.serve();
        await reached;
        let accepted = 0;
        const isStored = ({ event }: { event: string }) => event === "message-accepted" && ++accepted > 0;
        if (stored > 0) await server.waitForLog(isStored);
        await server.kill();
        assert.deepEqual(server.log.slice(from).filter(({ event }) => event === "retrieval-error"), []);
        void relay.cut(null);
        await server.serve();
        await using there = await provider.server.imap(REMOTE_USER);
        for (const end = Date.now() + PATIENCE_MS; await there.select("INBOX") > 0;) {
          assert.ok(Date.now() < end, "the rest is not fetched");
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        assert.deepEqual(await subjects(server, ALICE), expected.toSorted());
        await server.kill();
      });
    }
  });
}
