import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import tls from "node:tls";
import ipaddr from "ipaddr.js";
import { ConnectionLostError, TimeoutError } from "../core/errors.ts";
import type { TlsInfo } from "../core/ports.ts";
import { NodeStream } from "./node_stream.ts";
import { asConnectionLost, type ByteStream } from "./stream.ts";
import type { ServerTls } from "./tls/mod.ts";
import type { ClientTrust } from "./tls/trust.ts";

/** How much decrypted text may wait to be read; one more read from the network may come on top. */
const MAX_READ_AHEAD = 64 * 1024;

export interface TlsResult {
  readonly stream: ByteStream;
  readonly info: TlsInfo;
}

/** Who a server says it is. */
export interface TlsPeer {
  /** Its certificates as DER, its own first, each followed by that of its issuer as far as they were sent. */
  readonly chain: readonly Uint8Array[];
  /** Why the certificate is not valid for the name, as a short code such as `CERT_HAS_EXPIRED`; null when it is. */
  readonly problem: string | null;
}

export interface ClientTlsOptions {
  readonly servername: string;
  /** The handshake fails when the certificate is not valid for the name. */
  readonly verify: boolean;
  readonly timeoutMs: number;
  /** The authorities to believe; the well-known ones when missing. */
  readonly trust?: ClientTrust;
}

/** Does the server's side of the handshake over a stream. When it fails, the stream is of no further use. */
export function acceptTls(raw: ByteStream, identity: ServerTls, timeoutMs: number): Promise<TlsResult> {
  let servername: string | null = null;
  const ciphertext = new Ciphertext(raw);
  const socket = new tls.TLSSocket(ciphertext, {
    isServer: true,
    allowHalfOpen: true,
    secureContext: identity.secureContext(null),
    SNICallback: (name: string, done: (error: Error | null, context?: tls.SecureContext) => void) => {
      servername = name === "" ? null : name.toLowerCase();
      done(null, identity.secureContext(servername));
    },
  } as tls.TLSSocketOptions);
  return handshake(socket, ciphertext, { event: "secure", timeoutMs, servername: () => servername });
}

/**
 * Does the client's side. With `verify` the certificate must be valid for `servername`; without, any will do: that is
 * all opportunistic TLS can ask for (RFC 7435 section 3).
 */
export async function requestTls(
  raw: ByteStream,
  options: ClientTlsOptions,
): Promise<TlsResult & { readonly peer: TlsPeer }> {
  const { servername, verify, timeoutMs, trust } = options;
  const ciphertext = new Ciphertext(raw);
  const socket = tls.connect({
    socket: ciphertext,
    minVersion: "TLSv1.2",
    rejectUnauthorized: verify,
    allowHalfOpen: true,
    // RFC 6066 section 3: no address literals in SNI; and the name in a DANE-less MX may be no host name at all.
    ...(isHostName(servername) ? { servername } : {}),
    ...(trust === undefined ? {} : { secureContext: trust.secureContext }),
  } as tls.ConnectionOptions);
  const result = await handshake(socket, ciphertext, {
    event: "secureConnect",
    timeoutMs,
    servername: () => servername,
  });
  return { ...result, peer: tlsPeer(socket) };
}

/** No chain is longer than this; and a certificate that issued itself ends it. */
const MAX_CHAIN = 12;

function tlsPeer(socket: tls.TLSSocket): TlsPeer {
  const chain: Uint8Array[] = [];
  let certificate: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  const seen = new Set<string>();
  while (
    certificate?.raw !== undefined && chain.length < MAX_CHAIN && !seen.has(certificate.fingerprint256)
  ) {
    seen.add(certificate.fingerprint256);
    chain.push(Uint8Array.from(certificate.raw));
    certificate = certificate.issuerCertificate;
  }
  return { chain, problem: socket.authorized ? null : problemCode(socket.authorizationError) };
}

function problemCode(error: unknown): string {
  const { code = null } = error instanceof Error ? error as { readonly code?: unknown } : { code: error };
  return typeof code === "string" && code !== "" ? code : "UNKNOWN_ERROR";
}

interface HandshakeOptions {
  readonly event: "secure" | "secureConnect";
  readonly timeoutMs: number;
  servername(): string | null;
}

function handshake(
  socket: tls.TLSSocket,
  ciphertext: Ciphertext,
  options: HandshakeOptions,
): Promise<TlsResult> {
  return new Promise((resolve, reject) => {
    const stream = new TlsStream(socket, ciphertext);
    const leave = () => {
      clearTimeout(timer);
      socket.off("error", broken).off("end", ended).off("close", ended).off(options.event, secure);
    };
    const fail = (error: Error) => {
      leave();
      stream.destroy();
      reject(error);
    };
    const broken = (error: Error) => {
      fail(new ConnectionLostError(`TLS handshake failed: ${error.message}`, { cause: error }));
    };
    const ended = () => fail(new ConnectionLostError("The connection ended during the TLS handshake"));
    const late = () => fail(new TimeoutError("The TLS handshake took too long"));
    const secure = () => {
      leave();
      resolve({ stream, info: tlsInfo(socket, options.servername()) });
    };
    const timer = setTimeout(late, options.timeoutMs);
    socket.on("error", broken).on("end", ended).on("close", ended).on(options.event, secure);
  });
}

function tlsInfo(socket: tls.TLSSocket, servername: string | null): TlsInfo {
  const cipher = socket.getCipher();
  return {
    version: socket.getProtocol() ?? "unknown",
    cipher: cipher.standardName ?? cipher.name,
    servername,
  };
}

function isHostName(text: string): boolean {
  return !ipaddr.isValid(text) && /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text);
}

class TlsStream extends NodeStream {
  #ciphertext: Ciphertext;

  constructor(socket: tls.TLSSocket, ciphertext: Ciphertext) {
    super(socket);
    this.#ciphertext = ciphertext;
    ciphertext.hasRoom = () => socket.readableLength < MAX_READ_AHEAD;
    // The engine does not notice: it goes on taking what is written, at once and for ever.
    ciphertext.broken = (error) => {
      this.fail(error);
      socket.destroy();
    };
  }

  override async end(): Promise<void> {
    await super.end();
    await this.#ciphertext.raw.end();
  }

  override destroy(): void {
    super.destroy();
    this.#ciphertext.destroy();
  }

  protected override taken(): void {
    this.#ciphertext.readOn();
  }
}

/**
 * What the TLS engine reads ciphertext from and writes it to. The engine decrypts whatever it can get, however much lies
 * unread on its other side; so it gets nothing while there is no room.
 */
class Ciphertext extends Duplex {
  readonly raw: ByteStream;
  hasRoom = () => true;
  broken: (error: ConnectionLostError) => void = () => {};
  #waiting = false;

  constructor(raw: ByteStream) {
    super({ allowHalfOpen: true });
    this.raw = raw;
    // `broken` has told already.
    this.on("error", () => {});
  }

  /** There may be room again. */
  readOn(): void {
    if (!this.#waiting || !this.hasRoom()) return;
    this.#waiting = false;
    this.#pull();
  }

  override _read(): void {
    this.#waiting = true;
    this.readOn();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.raw.write(chunk).then(() => done(), (error) => {
      this.broken(asConnectionLost(error));
      done(error);
    });
  }

  override _final(done: (error?: Error) => void): void {
    this.raw.end().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.raw.destroy();
    done(error);
  }

  #pull(): void {
    this.raw.read().then(
      (chunk) => {
        this.push(chunk === null ? null : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      },
      (error) => {
        this.broken(asConnectionLost(error));
        this.destroy();
      },
    );
  }
}
