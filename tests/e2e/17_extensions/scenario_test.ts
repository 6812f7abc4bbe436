//   proxy --PROXY header, then BDAT--> Mailden --> mailbox
//   another mail system --LMTP, unix socket--> Mailden --> mailbox
import assert from "node:assert/strict";
import { join } from "node:path";
import { Mailden } from "../../support/mailden.ts";

const accounts = { "alice@example.test": "a", "bob@example.test": "b" };

Deno.test("e2e: a message by BDAT through a proxy, any octets declared", async () => {
  await using server = await Mailden.start({ accounts, config: { proxy: { networks: ["127.0.0.1"] } } });
  const talk = await Talk.open({ hostname: "127.0.0.1", port: server.ports.smtp });
  await talk.say("PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\r\n");
  await talk.expect("220");
  await talk.say("EHLO relay.foreign.test\r\n");
  await talk.expect("250");
  const message = "Subject: binary\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n" +
    "Content-Transfer-Encoding: binary\r\n\r\na\n.\r\nQUIT\r\n";
  await talk.say(
    "MAIL FROM:<carol@foreign.test> BODY=BINARYMIME\r\nRCPT TO:<alice@example.test> NOTIFY=NEVER\r\n" +
      `BDAT 20\r\n${message.slice(0, 20)}BDAT ${message.length - 20} LAST\r\n${message.slice(20)}QUIT\r\n`,
  );
  for (const code of ["250", "250", "250", "250 2.0.0 Ok", "221"]) await talk.expect(code);
  talk.close();
  // Whoever comes from there without a header is no client.
  const silent = await Talk.open({ hostname: "127.0.0.1", port: server.ports.smtp });
  await silent.say("EHLO relay.foreign.test\r\n");
  assert.equal(await silent.rest(), "");
  await server.configure({ proxy: { networks: [] } });
  await server.reload();
  const delivered = await firstMessage(server, "alice@example.test");
  assert.match(delivered, /^Received: from relay\.foreign\.test \(\[198\.51\.100\.7\]\)/m);
  assert.match(delivered, /with ESMTP\b/);
  assert.ok(delivered.endsWith("\r\n\r\na\n.\r\nQUIT\r\n"), delivered);
});

Deno.test("e2e: LMTP on a unix socket answers for each recipient, and queues nothing", async () => {
  await using server = await Mailden.start({ accounts });
  // Where the program may write, which is known only now.
  const path = join(server.dataDirectory, "lmtp.sock");
  await server.stop();
  await server.configure({ listen: { lmtp: path } });
  await server.serve();
  const talk = await Talk.open({ transport: "unix", path });
  await talk.expect("220");
  await talk.say("LHLO localhost\r\n");
  await talk.expect("250");
  await talk.say(
    "MAIL FROM:<carol@foreign.test>\r\nRCPT TO:<alice@example.test>\r\nRCPT TO:<nobody@example.test>\r\n" +
      "RCPT TO:<victim@foreign.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n",
  );
  for (const code of ["250", "250", "550 5.1.1", "550 5.7.1", "250", "354"]) await talk.expect(code);
  await talk.say("Subject: to two\r\n\r\nHello\r\n.\r\nQUIT\r\n");
  for (const code of ["250", "250", "221"]) await talk.expect(code);
  talk.close();
  assert.match(await firstMessage(server, "bob@example.test"), /^\tby \S+ with LMTP$|with LMTP\b/m);
});

async function firstMessage(server: Mailden, account: string): Promise<string> {
  await using imap = await server.imap(account);
  assert.equal(await imap.select(), 1);
  return await imap.body(1);
}

/** A dialogue over any socket. */
class Talk {
  readonly #socket: Deno.Conn;
  #text = "";

  private constructor(socket: Deno.Conn) {
    this.#socket = socket;
  }

  static async open(
    to: Deno.ConnectOptions | (Deno.UnixConnectOptions & { transport: "unix" }),
  ): Promise<Talk> {
    return new Talk("path" in to ? await Deno.connect(to) : await Deno.connect(to));
  }

  async say(text: string): Promise<void> {
    await this.#socket.write(new TextEncoder().encode(text));
  }

  /** The next reply must begin so. */
  async expect(start: string): Promise<void> {
    for (;;) {
      const end = this.#text.indexOf("\r\n");
      if (end < 0) {
        assert.ok(await this.#fill(), `The server closed, expected ${start}`);
        continue;
      }
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      assert.ok(line.startsWith(start.slice(0, 3)), `Expected ${start}, the server said ${line}`);
      if (line[3] === "-") continue;
      assert.ok(line.startsWith(start), `Expected ${start}, the server said ${line}`);
      return;
    }
  }

  async rest(): Promise<string> {
    while (await this.#fill());
    this.close();
    return this.#text;
  }

  close(): void {
    this.#socket.close();
  }

  async #fill(): Promise<boolean> {
    const buffer = new Uint8Array(4096);
    const length = await this.#socket.read(buffer).catch(() => null);
    if (length !== null) this.#text += new TextDecoder().decode(buffer.subarray(0, length));
    return length !== null;
  }
}
