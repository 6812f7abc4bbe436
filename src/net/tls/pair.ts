import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { errorText } from "../error_text.ts";

/** A certificate (with its chain) and its key, as PEM text. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** A pair on disk. */
export class PairFiles {
  readonly certificate: string;
  readonly key: string;

  constructor(certificate: string, key: string) {
    this.certificate = certificate;
    this.key = key;
  }

  async read(): Promise<Pair> {
    return { certificate: await readPem(this.certificate), key: await readPem(this.key) };
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
}

/** Throws when the pair cannot be used. The TLS engine itself would only notice at the first handshake. */
export function checkPair(pair: Pair): void {
  const certificate = attempt("The certificate file holds no certificate in PEM form", () => {
    return new X509Certificate(pair.certificate);
  });
  const key = attempt("The key file holds no private key in PEM form without a password", () => {
    return createPrivateKey(pair.key);
  });
  if (!certificate.checkPrivateKey(key)) {
    throw new Error("The certificate and the key do not belong together");
  }
}

function attempt<T>(complaint: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${complaint} (${errorText(error)})`, { cause: error });
  }
}
