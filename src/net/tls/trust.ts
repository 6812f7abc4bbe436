import { X509Certificate } from "node:crypto";
import tls from "node:tls";

/** Which authorities are believed when we are the client. */
export interface ClientTrust {
  readonly secureContext: tls.SecureContext;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The well-known authorities, and those of `extra` (PEM, one or more). Throws when there is none in it. */
export function makeClientTrust(extra: string | null): ClientTrust {
  const secureContext = tls.createSecureContext({ minVersion: "TLSv1.2" });
  if (extra === null) return { secureContext };
  const certificates = extra.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error("There is no certificate (PEM) in it");
  for (const certificate of certificates) {
    // Throws for one that cannot be read; the context would notice at the first connection only.
    new X509Certificate(certificate);
    // The option `ca` would take the place of the well-known ones, which a program without more permissions cannot list.
    (secureContext.context as { addCACert(pem: string): void }).addCACert(certificate);
  }
  return { secureContext };
}
