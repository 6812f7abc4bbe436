import assert from "node:assert/strict";
import { encodeUtf8 } from "../../src/core/bytes.ts";
import { TimeoutError } from "../../src/core/errors.ts";
import { Peer } from "../../src/delivery/remote/peer.ts";
import type { ClientConn } from "../../src/net/connect.ts";

Deno.test("remote: a host that sends its reply octet by octet has no more time than others", async () => {
  const read = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return encodeUtf8("2");
  };
  const peer = new Peer(
    { name: "mx.foreign.test", address: "192.0.2.1", port: 25, relay: null },
    { read } as unknown as ClientConn,
  );
  await assert.rejects(peer.reply(200), TimeoutError);
});
