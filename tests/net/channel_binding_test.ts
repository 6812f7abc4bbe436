import assert from "node:assert/strict";
import tls from "node:tls";

/**
 * SCRAM-SHA-256-PLUS needs the exported keying material of a connection (RFC 9266). The machine in wire/sasl is ready for
 * it; Deno's TLSSocket cannot give it yet. When this test fails it can: set `TlsInfo.channelBinding` in
 * net/tls_stream.ts, compare it with `openssl s_client -keymatexport EXPORTER-Channel-Binding`, and drop this test.
 */
Deno.test("the runtime has no TLS exporter, so that no -PLUS is offered", () => {
  assert.equal("exportKeyingMaterial" in tls.TLSSocket.prototype, false);
});
