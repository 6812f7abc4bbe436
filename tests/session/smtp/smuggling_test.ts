/** What other programs were found to take for the end of the data. None of it ends ours, none of it is obeyed. */
import assert from "node:assert/strict";
import { startSession } from "./harness.ts";

const ENDS = [
  "\n.\n",
  "\n.\r\n",
  "\r\n.\n",
  "\r.\r",
  "\r\n.\r",
  "\r.\r\n",
  "\n.\r",
  "\r.\n",
  "\r\r\n.\r\r\n",
  "\r\n.\r\r\n",
  "\r\n\0.\r\n",
  "\r\n.\0\r\n",
  "\n\n.\r\n",
  "\r\n\r.\r\n",
];
const SMUGGLED = "MAIL FROM:<evil@c.example>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\nsmuggled";

for (const end of ENDS) {
  for (const chunkSize of [Infinity, 1, 2, 3]) {
    Deno.test(`smuggling with ${JSON.stringify(end)} in pieces of ${chunkSize}`, async () => {
      const { client, door, ended } = startSession({ conn: { chunkSize } });
      client.write("EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\n");
      while (!(await client.readLine())?.startsWith("354"));
      client.write(`hello${end}${SMUGGLED}\r\n.\r\nQUIT\r\n`);
      const lines = (await client.readAll()).split("\r\n");
      await ended;
      assert.match(lines[0]!, /^550 5\.6\.0 /);
      assert.match(lines[1]!, /^221 /);
      assert.equal(door.taken.length, 0);
    });
  }
}
