/** Which versions of TLS a server of ours speaks: 1.2 and 1.3 (RFC 8996, RFC 9325 section 3.1.1). */
import assert from "node:assert/strict";
import { concatBytes } from "../../src/core/bytes.ts";
import { type Harness, startListener, testTls } from "./harness.ts";

const ALERT = 21;
const HANDSHAKE = 22;
const SERVER_HELLO = 2;

/** A ClientHello as old clients send it, without the extension of TLS 1.3: `version` is the highest that it speaks. */
function clientHello(version: readonly [number, number]): Uint8Array {
  const suites = [0xc02b, 0xc02f, 0xc009, 0xc013, 0x002f];
  const extensions = concatBytes([
    // supported_groups: x25519, secp256r1
    Uint8Array.of(0, 10, 0, 6, 0, 4, 0, 29, 0, 23),
    // ec_point_formats: uncompressed
    Uint8Array.of(0, 11, 0, 2, 1, 0),
    // signature_algorithms: ECDSA, RSA-PSS and RSA with SHA-256
    Uint8Array.of(0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1),
  ]);
  const body = concatBytes([
    Uint8Array.of(...version),
    new Uint8Array(32).fill(7),
    Uint8Array.of(0),
    withLength(Uint8Array.from(suites.flatMap((suite) => [suite >> 8, suite & 255]))),
    Uint8Array.of(1, 0),
    withLength(extensions),
  ]);
  const handshake = concatBytes([Uint8Array.of(1, 0), withLength(body)]);
  return concatBytes([Uint8Array.of(HANDSHAKE, 3, 1), withLength(handshake)]);
}

function withLength(bytes: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes]);
}

/** The server's answer as far as it comes at once; empty when it closes. */
async function answerTo({ port }: Harness, hello: Uint8Array): Promise<Uint8Array> {
  using raw = await Deno.connect({ hostname: "127.0.0.1", port });
  await raw.write(hello);
  const buffer = new Uint8Array(1000);
  return buffer.subarray(0, await raw.read(buffer) ?? 0);
}

Deno.test("net: a client that speaks no TLS 1.2 is refused, whatever else it offers", async () => {
  await using tls = await testTls();
  const served: unknown[] = [];
  await using server = await startListener((conn) => {
    served.push(conn.tls);
    return Promise.resolve();
  }, { tls, implicitTls: true });
  const old = [[3, 0], [3, 1], [3, 2]] as const;
  for (const version of old) {
    // An alert would be welcome, but this runtime sends none.
    const [type = ALERT] = await answerTo(server, clientHello(version));
    assert.equal(type, ALERT, `TLS ${version}`);
  }
  // The same words with a newer version are answered with a ServerHello of that version.
  const [type, , , , , message, , , , ...version] = await answerTo(server, clientHello([3, 3]));
  assert.deepEqual([type, message, version.slice(0, 2)], [HANDSHAKE, SERVER_HELLO, [3, 3]]);
  await server.idle();
  assert.deepEqual(served, []);
  assert.equal(server.log.of("tls-failed").length, old.length + 1);
});
