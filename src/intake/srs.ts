import { createHmac, timingSafeEqual } from "node:crypto";
import { type Address, formatAddress } from "../core/address.ts";
import { encodeUtf8 } from "../core/bytes.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { FactStore } from "../store/mod.ts";
import { openSecret } from "./secret.ts";

/** What an address that claims to be one of ours turned out to be. */
export type SrsReturn =
  | { readonly kind: "valid"; readonly address: Address }
  | { readonly kind: "forged" }
  | { readonly kind: "expired" };

/** The Sender Rewriting Scheme: an address of ours in which the sender of a forwarded message is packed up. */
export interface Srs {
  /** The envelope's sender of a message that this domain of ours forwards. */
  forward(sender: Address, domain: string): Address;
  /** Whose mail comes back under an address of ours; null when it is no such address. */
  reverse(address: Address, days: number): SrsReturn | null;
}

export interface SrsDeps {
  readonly secret: Uint8Array;
  readonly clock: Clock;
}

/** Letters and digits without regard to case, since there are hosts that write a local part in capitals (RFC 4648 section 6). */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const DAY_MS = 24 * 60 * 60 * 1000;
/** Two letters. */
const DAYS = 32 * 32;
/** Letters of the hash: 40 bits, each try costing a connection to us. */
const HASH_LENGTH = 8;
/** RFC 5321 section 4.5.3.1.3, without the brackets. */
const PATH_OCTETS = 254;
const SRS = /^srs([01])[=+-]/i;

/**
 * `SRS0=hash=day=their.domain=local@ours` holds a plain sender; `SRS1=hash-and-day=first.host==...@ours` one that another
 * forwarder has packed up before us, so that the bounce goes back to that one and the address does not grow with every hop.
 *
 * That we are no open relay hangs on three things. The hash: an address is believed only if we made it, since whoever
 * changes a letter of it, its day included, would have to guess 40 bits. The day: one that was seen somewhere is of no use for
 * ever; the scheme as it was published gives SRS1 none, so ours stands behind the hash, where others only pass it on. And
 * what may come to such an address, which is for `recipients.ts` to say: reports, and nothing else.
 */
export function makeSrs(deps: SrsDeps): Srs {
  return new KeyedSrs(deps);
}

/** With the secret of this installation. */
export async function openSrs(
  facts: FactStore,
  source: { readonly clock: Clock; readonly random: Random },
): Promise<Srs> {
  return makeSrs({ secret: await openSecret(facts, "srs", source), clock: source.clock });
}

class KeyedSrs implements Srs {
  readonly #secret: Uint8Array;
  readonly #clock: Clock;

  constructor({ secret, clock }: SrsDeps) {
    this.#secret = secret;
    this.#clock = clock;
  }

  forward(sender: Address, domain: string): Address {
    const address = { local: this.#pack(sender), domain };
    // A sender so long goes on as it is: an address that nobody takes would help it less than one that SPF does not like.
    return encodeUtf8(formatAddress(address)).length > PATH_OCTETS ? sender : address;
  }

  reverse({ local }: Address, days: number): SrsReturn | null {
    const kind = SRS.exec(local)?.[1];
    if (kind === undefined) return null;
    const parts = local.slice("SRS0=".length);
    return kind === "0" ? this.#unpack0(parts, days) : this.#unpack1(parts, days);
  }

  #pack({ local, domain }: Address): string {
    const kind = SRS.exec(local)?.[1];
    const day = dayLetters(this.#today());
    if (kind === undefined) {
      return `SRS0=${this.#hash(["0", day, domain, local])}=${day}=${domain}=${local}`;
    }
    // Everything behind the four letters is the first forwarder's business, its separator included.
    const other = kind === "1" ? splitSrs1(local.slice("SRS1=".length)) : null;
    const host = other?.host ?? domain;
    const rest = other?.rest ?? local.slice("SRS0".length);
    return `SRS1=${this.#hash(["1", day, host, rest])}${day}=${host}=${rest}`;
  }

  #unpack0(parts: string, days: number): SrsReturn {
    const [hash, day, domain, ...rest] = parts.split("=");
    // The local part may hold the separator, too.
    const local = rest.join("=");
    if (hash === undefined || day === undefined || !domain || local === "") return FORGED;
    if (!this.#isHash(hash, ["0", day, domain, local])) return FORGED;
    return this.#unlessOld({ local, domain: domain.toLowerCase() }, { day, days });
  }

  #unpack1(parts: string, days: number): SrsReturn {
    const split = splitSrs1(parts);
    if (split === null) return FORGED;
    const { host, rest } = split;
    const [hash, day] = [split.hash.slice(0, HASH_LENGTH), split.hash.slice(HASH_LENGTH)];
    if (!this.#isHash(hash, ["1", day, host, rest])) return FORGED;
    return this.#unlessOld({ local: `SRS0${rest}`, domain: host.toLowerCase() }, { day, days });
  }

  /** Only for a day that the hash has vouched for. */
  #unlessOld(address: Address, { day, days }: { readonly day: string; readonly days: number }): SrsReturn {
    const age = (this.#today() - dayOf(day) + DAYS) % DAYS;
    return age > days ? { kind: "expired" } : { kind: "valid", address };
  }

  #today(): number {
    return Math.floor(this.#clock.now() / DAY_MS) % DAYS;
  }

  /** Over lower case, as whatever comes back may have been changed to. */
  #hash(parts: readonly string[]): string {
    const text = parts.map((part) => part.normalize("NFC").toLowerCase()).join("\0");
    const digest = createHmac("sha256", this.#secret).update(`srs\0${text}`).digest();
    return Array.from(digest.subarray(0, HASH_LENGTH), (byte) => ALPHABET[byte & 31]).join("");
  }

  #isHash(claimed: string, parts: readonly string[]): boolean {
    const [right, found] = [encodeUtf8(this.#hash(parts)), encodeUtf8(claimed.toLowerCase())];
    return right.length === found.length && timingSafeEqual(right, found);
  }
}

const FORGED: SrsReturn = { kind: "forged" };

/** `hash=host=rest`, in which the rest begins with the separator that the first forwarder chose. */
function splitSrs1(
  parts: string,
): { readonly hash: string; readonly host: string; readonly rest: string } | null {
  const [hash, host, ...more] = parts.split("=");
  const rest = more.join("=");
  return hash === undefined || !host || !/^[=+-]./.test(rest) ? null : { hash, host, rest };
}

function dayLetters(day: number): string {
  return `${ALPHABET[day >> 5]}${ALPHABET[day & 31]}`;
}

function dayOf(letters: string): number {
  const [high = "", low = ""] = letters.toLowerCase();
  return ALPHABET.indexOf(high) * 32 + ALPHABET.indexOf(low);
}
