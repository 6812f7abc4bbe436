/**
 * Our own certificate: read from the configured files, or self-signed, made at the first start and kept.
 *
 * Invariants. There is always a usable certificate: a replaced file that is broken, or does not fit its key, leaves
 * the one before in use and says why in the log. TLS 1.2 is the oldest version spoken (RFC 8996). A private key is
 * written with mode 0600 and never logged.
 */
import { X509Certificate } from "node:crypto";
import tls from "node:tls";
import type { Clock, Log } from "../../core/ports.ts";
import { errorText } from "../error_text.ts";
import { checkPair, type Pair, PairFiles } from "./pair.ts";
import { openSelfSigned } from "./self_signed.ts";

export interface ServerTls {
  /** What to speak TLS with to a client that asked for this name (SNI), or for none. */
  secureContext(servername: string | null): tls.SecureContext;
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it. */
  readonly fingerprint: string;
  /** Reads the files again; true when the certificate is another one now. To be called now and then. */
  refresh(): Promise<boolean>;
  close(): void;
}

export interface ServerTlsOptions {
  /** The PEM files; both or none. */
  readonly certificate: string | null;
  readonly key: string | null;
  /** Where the self-signed pair is kept. */
  readonly directory: string;
  readonly hostname: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens the server's certificate; throws when the configured files cannot be used. */
export async function openServerTls(options: ServerTlsOptions): Promise<ServerTls> {
  const { certificate, key, clock, log } = options;
  if (certificate === null && key === null) {
    const files = await openSelfSigned(options);
    return new FileTls(await files.read(), { files, clock, log });
  }
  if (certificate === null || key === null) {
    throw new Error("TLS needs both a certificate and its key: set tls.certificate and tls.key, or neither");
  }
  const files = new PairFiles(certificate, key);
  return new FileTls(await files.read(), { files, clock, log });
}

interface FileTlsOptions {
  readonly files: PairFiles;
  readonly clock: Clock;
  readonly log: Log;
}

class FileTls implements ServerTls {
  #options: FileTlsOptions;
  #pair: Pair;
  #context: tls.SecureContext;
  #fingerprint: string;
  /** Why the files could not be used the last time, so that it is logged once and not at each look. */
  #complaint: string | null = null;

  constructor(pair: Pair, options: FileTlsOptions) {
    this.#options = options;
    checkPair(pair);
    this.#pair = pair;
    this.#context = tls.createSecureContext({ cert: pair.certificate, key: pair.key, minVersion: "TLSv1.2" });
    this.#fingerprint = this.#announce(pair);
  }

  get fingerprint(): string {
    return this.#fingerprint;
  }

  secureContext(_servername: string | null): tls.SecureContext {
    return this.#context;
  }

  async refresh(): Promise<boolean> {
    try {
      const pair = await this.#options.files.read();
      if (pair.certificate === this.#pair.certificate && pair.key === this.#pair.key) return false;
      checkPair(pair);
      this.#context = tls.createSecureContext({
        cert: pair.certificate,
        key: pair.key,
        minVersion: "TLSv1.2",
      });
      this.#pair = pair;
      this.#fingerprint = this.#announce(pair);
      this.#complaint = null;
      return true;
    } catch (error) {
      this.#complain(errorText(error));
      return false;
    }
  }

  close(): void {
    // Nothing is held open: `refresh` is called from outside.
  }

  #complain(reason: string): void {
    if (reason === this.#complaint) return;
    this.#complaint = reason;
    this.#options.log.error("certificate-not-usable", { reason, kept: this.#fingerprint });
  }

  #announce(pair: Pair): string {
    const { clock, log } = this.#options;
    const certificate = new X509Certificate(pair.certificate);
    const fields = {
      fingerprint: certificate.fingerprint256,
      names: certificate.subjectAltName ?? certificate.subject,
      until: certificate.validTo,
    };
    if (Date.parse(certificate.validTo) < clock.now()) log.warn("certificate-expired", fields);
    else log.info("certificate-loaded", fields);
    return certificate.fingerprint256;
  }
}
