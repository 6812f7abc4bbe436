import { X509Certificate } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Log } from "../../core/ports.ts";
import { errorText } from "../error_text.ts";
import { systemRandom } from "../system.ts";
import { checkPair, type Pair, PairFiles } from "./pair.ts";

const YEARS = 10;
const DAY_MS = 86_400_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export interface SelfSignedOptions {
  readonly directory: string;
  readonly hostname: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Finds the self-signed pair in the directory; makes a new one when there is none that fits. */
export async function openSelfSigned(options: SelfSignedOptions): Promise<PairFiles> {
  const { directory, hostname, clock, log } = options;
  const files = new PairFiles(join(directory, "self-signed.crt"), join(directory, "self-signed.key"));
  const fault = await faultOf(files, options);
  if (fault === null) return files;
  const pair = await makePair(hostname, clock.now());
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Killed between the two, we find a pair that does not belong together at the next start, and make another.
  await replaceFile(files.key, pair.key, 0o600);
  await replaceFile(files.certificate, pair.certificate, 0o644);
  log.info("certificate-made", { hostname, file: files.certificate, reason: fault });
  return files;
}

/** Why the pair on disk does not do; null when it does. */
async function faultOf(files: PairFiles, { hostname, clock }: SelfSignedOptions): Promise<string | null> {
  try {
    const pair = await files.read();
    checkPair(pair);
    const certificate = new X509Certificate(pair.certificate);
    if (certificate.checkHost(hostname) === undefined) return `The certificate is not for ${hostname}`;
    if (Date.parse(certificate.validTo) < clock.now() + DAY_MS) return "The certificate has expired";
    return null;
  } catch (error) {
    if (isMissing(error)) return "There is none yet";
    return errorText(error);
  }
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  await writeFile(fresh, text, { mode, flush: true });
  await rename(fresh, path);
}

async function makePair(hostname: string, now: number): Promise<Pair> {
  // Loaded only here: it is large, and needed once in ten years.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const names = [...new Set([hostname, "localhost"])];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // A common name has at most 64 characters (RFC 5280, ub-common-name); what counts is the name below.
    name: [{ CN: [hostname.length <= 64 ? hostname : "Mailden"] }],
    // A day of grace for clients whose clock is behind.
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + YEARS * 365.25 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value }))),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
  };
}

/** Positive, and with enough chance in it (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = systemRandom.bytes(16);
  bytes[0] = bytes[0]! & 0x7f | 0x40;
  return bytes.toHex();
}

/** At the first start, which is no fault. */
function isMissing(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}
