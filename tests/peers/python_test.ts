import { join } from "node:path";
import { ALICE, BOB, PASSWORD, run, startForPeers } from "./peer.ts";

const script = join(import.meta.dirname!, "python_clients.py");

Deno.test("peer: Python's smtplib, imaplib and poplib do a day's work", async () => {
  await using peers = await startForPeers();
  const { ports } = peers.server;
  const spec = JSON.stringify({ ports, alice: ALICE, bob: BOB, password: PASSWORD });
  await run("python3", [script], { stdin: spec });
});

Deno.test("peer: Python's imaplib with what IMAP has learnt since", async () => {
  await using peers = await startForPeers();
  const spec = JSON.stringify({ port: peers.server.ports.imaps, user: ALICE, password: PASSWORD });
  await run("python3", [join(import.meta.dirname!, "python_imap.py")], { stdin: spec });
});
