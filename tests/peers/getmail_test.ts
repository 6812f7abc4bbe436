import assert from "node:assert/strict";
import { join } from "node:path";
import { ALICE, BOB, deliver, PASSWORD, run, startForPeers, writeFile } from "./peer.ts";

const SUBJECTS = Array.from({ length: 15 }, (_, i) => `letter-${i}`);

Deno.test("peer: getmail6 fetches by POP3 what is new, by its unique ids, and deletes when told to", async () => {
  await using peers = await startForPeers();
  const { server, folder } = peers;
  await deliver(server, ALICE, SUBJECTS);
  const box = join(folder, "box");
  const getmail = async (deletes: boolean) => {
    const rc = await writeFile(
      folder,
      `getmailrc-${deletes}`,
      `[retriever]
type = SimplePOP3SSLRetriever
server = 127.0.0.1
port = ${server.ports.pop3s}
username = ${ALICE}
password = ${PASSWORD}
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat >> ${box}")
allow_root_commands = true
[options]
read_all = false
delete = ${deletes}
`,
    );
    await run("getmail", ["--getmaildir", folder, "--rcfile", rc], { env: { HOME: folder } });
    return await Deno.readTextFile(box);
  };
  const copies = (text: string, subject: string) =>
    text.split(`Text of ${subject}.\n.with a dot\n`).length - 1;
  const first = await getmail(false);
  for (const subject of SUBJECTS) assert.equal(copies(first, subject), 1, subject);
  // Left there, known by their ids, and only the new one comes.
  await deliver(server, ALICE, ["one-more"]);
  const second = await getmail(false);
  for (const subject of [...SUBJECTS, "one-more"]) assert.equal(copies(second, subject), 1, subject);
  await getmail(true);
  await using pop3 = await server.pop3(ALICE);
  assert.equal((await pop3.stat()).messages, 0);
});

Deno.test("peer: curl lists, reads and deletes by POP3, with STLS and with TLS from the start", async () => {
  await using peers = await startForPeers();
  const { server } = peers;
  await deliver(server, BOB, ["first", "second"]);
  const curl = async (path: string, ...more: string[]) =>
    (await run("curl", ["-sS", "-k", "--user", `${BOB}:${PASSWORD}`, "--url", path, ...more])).stdout;
  const [plain, tls] = [`pop3://127.0.0.1:${server.ports.pop3}`, `pop3s://127.0.0.1:${server.ports.pop3s}`];
  const list = await curl(`${plain}/`, "--ssl-reqd");
  assert.match(list, /^1 \d+\r\n2 \d+\r\n$/);
  const text = await curl(`${tls}/2`);
  assert.match(text, /Subject: second\r\n[^]*\r\n\.with a dot\r\n$/);
  assert.equal(text.length, Number(/^2 (\d+)/m.exec(list)![1]), "as many octets as LIST says");
  assert.match(await curl(`${tls}/`, "--request", "UIDL"), /^1 \d+\.1\r\n2 \d+\.2\r\n$/);
  assert.equal(await curl(`${tls}/1`, "--request", "DELE", "--head"), "");
  assert.match(await curl(`${tls}/`), /^1 \d+\r\n$/);
  const wrong = await run("curl", ["-sS", "-k", "--user", `${BOB}:wrong`, "--url", `${tls}/`], {
    code: null,
  });
  assert.equal(wrong.code, 67, wrong.stderr);
});
