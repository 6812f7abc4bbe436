import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { ALICE, BOB, run, startForPeers } from "./peer.ts";

const LMTP = `
import smtplib, sys
lmtp = smtplib.LMTP(sys.argv[1])
lmtp.ehlo()
assert lmtp.has_extn("chunking") and lmtp.has_extn("dsn"), lmtp.esmtp_features
refused = lmtp.sendmail("carol@foreign.test", [sys.argv[2], "nobody@example.test", sys.argv[3]], "Subject: by Python\\r\\n\\r\\nHello\\r\\n")
assert list(refused) == ["nobody@example.test"], refused
# RFC 3030, which smtplib leaves to its user.
lmtp.mail("carol@foreign.test", ["BODY=BINARYMIME", "RET=HDRS", "ENVID=a+2Bb"])
lmtp.rcpt(sys.argv[2], ["NOTIFY=NEVER", "ORCPT=rfc822;x@foreign.test"])
lmtp.send(b"BDAT 8\\r\\nSubject:BDAT 10 LAST\\r\\n b\\r\\n\\r\\na\\n\\0b")
assert lmtp.getreply()[0] == 250
assert lmtp.getreply()[0] == 250
lmtp.quit()
`;

Deno.test("peer: Python and swaks hand over by LMTP, on a unix socket and by TCP", async () => {
  await using peers = await startForPeers();
  const { server } = peers;
  const path = join(server.dataDirectory, "lmtp.sock");
  const port = freePort("127.0.0.1");
  await server.stop();
  await server.configure({ listen: { lmtp: [path, `127.0.0.1:${port}`] } });
  await server.serve();
  await run("python3", ["-c", LMTP, path, ALICE, BOB]);
  const common = ["--protocol", "LMTP", "--from", "carol@foreign.test", "--to", `${ALICE},${BOB}`];
  await run("swaks", [...common, "--socket", path]);
  await run("swaks", [...common, "--server", "127.0.0.1", "--port", String(port)]);
  await using alice = await server.imap(ALICE);
  assert.equal(await alice.select(), 4);
  await using bob = await server.imap(BOB);
  assert.equal(await bob.select(), 3);
});

Deno.test("peer: swaks as a proxy, version 1 and 2", async () => {
  await using peers = await startForPeers({ config: { proxy: { networks: ["127.0.0.0/8"] } } });
  const { server } = peers;
  const common = ["--server", "127.0.0.1", "--from", "carol@foreign.test", "--to", ALICE];
  const proxy = ["--proxy-family", "TCP4", "--proxy-source", "198.51.100.7", "--proxy-source-port", "40000"];
  const behind = [...proxy, "--proxy-dest", "192.0.2.1", "--proxy-dest-port", "25"];
  for (const version of ["1", "2"]) {
    const args = [...common, "--port", String(server.ports.smtp), "--proxy-version", version, ...behind];
    // Version 2 spells the protocol apart.
    if (version === "2") args.splice(args.indexOf("--proxy-family") + 1, 1, "AF_INET");
    await run(
      "swaks",
      version === "2" ? [...args, "--proxy-protocol", "STREAM", "--proxy-command", "PROXY"] : args,
    );
  }
  const accepted = server.log.filter((line) => line.event === "message-accepted").map((line) => line.client);
  assert.deepEqual(accepted, ["198.51.100.7", "198.51.100.7"]);
});
