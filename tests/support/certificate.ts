/** Certificates for tests: made in a moment, self-signed or by an authority that the test makes first. */
// First: a dependency of x509 wants it in place.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

export interface TestCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  readonly parsed: x509.X509Certificate;
  readonly privateKey: CryptoKey;
}

export interface CertificateOptions {
  /** DNS names; the first is the subject. */
  readonly names: readonly string[];
  /** Who signs; self-signed when missing. */
  readonly issuer?: TestCertificate;
  /** An authority that may sign others. */
  readonly authority?: boolean;
  /** Days from now; by default from yesterday to in a month. */
  readonly validFromDays?: number;
  readonly validToDays?: number;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

export async function makeCertificate(options: CertificateOptions): Promise<TestCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const name = `CN=${options.names[0]}`;
  const parsed = await x509.X509CertificateGenerator.create({
    serialNumber: crypto.randomUUID().replaceAll("-", "").slice(1),
    subject: name,
    issuer: options.issuer?.parsed.subject ?? name,
    notBefore: new Date(Date.now() + (options.validFromDays ?? -1) * DAY),
    notAfter: new Date(Date.now() + (options.validToDays ?? 30) * DAY),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: options.issuer?.privateKey ?? keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(options.authority ?? false, undefined, true),
      new x509.SubjectAlternativeNameExtension(
        options.names.map((value) => ({ type: "dns" as const, value })),
      ),
    ],
  });
  const der = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: parsed.toString("pem"),
    key: x509.PemConverter.encode(der, "PRIVATE KEY"),
    parsed,
    privateKey: keys.privateKey,
  };
}
