/** The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), written from the RFCs and without anything of src. */
import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

export interface ScramClientOptions {
  readonly user: string;
  readonly password: string;
  readonly nonce?: string;
  readonly authzid?: string;
  /** `n`, `y` or `p=tls-exporter`. */
  readonly flag?: string;
  /** The channel binding's data, with `p=`. */
  readonly binding?: Uint8Array;
}

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest();
const hmac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
const base64 = (data: string | Uint8Array) => Buffer.from(data as string).toString("base64");

export class ScramClient {
  readonly #options: ScramClientOptions;
  readonly #nonce: string;
  readonly #header: string;
  readonly #bare: string;
  /** What the server gave. */
  salt = "";
  iterations = 0;
  #serverSignature = "";

  constructor(options: ScramClientOptions) {
    this.#options = options;
    this.#nonce = options.nonce ?? base64(crypto.getRandomValues(new Uint8Array(12)));
    const name = options.user.replaceAll("=", "=3D").replaceAll(",", "=2C");
    this.#header = `${options.flag ?? "n"},${options.authzid === undefined ? "" : `a=${options.authzid}`},`;
    this.#bare = `n=${name},r=${this.#nonce}`;
  }

  first(): string {
    return this.#header + this.#bare;
  }

  /** The answer to the server's first message. */
  final(serverFirst: string): string {
    const [, nonce = "", salt = "", count = ""] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) {
      throw new Error(`Not our nonce: ${serverFirst}`);
    }
    this.salt = salt;
    this.iterations = Number(count);
    const password = this.#options.password.normalize("NFKC");
    const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), this.iterations, 32, "sha256");
    const clientKey = hmac(salted, "Client Key");
    const binding = Buffer.concat([Buffer.from(this.#header), this.#options.binding ?? new Uint8Array(0)]);
    const withoutProof = `c=${base64(binding)},r=${nonce}`;
    const signed = `${this.#bare},${serverFirst},${withoutProof}`;
    const signature = hmac(sha256(clientKey), signed);
    this.#serverSignature = base64(hmac(hmac(salted, "Server Key"), signed));
    return `${withoutProof},p=${base64(clientKey.map((byte, index) => byte ^ signature[index]!))}`;
  }

  /** Whether the server has shown that it knows us. */
  trusts(serverFinal: string): boolean {
    return serverFinal === `v=${this.#serverSignature}`;
  }
}
