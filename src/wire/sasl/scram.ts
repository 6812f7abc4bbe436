import { encodeUtf8, equalConstantTime } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import {
  type ClientFirst,
  expectedBinding,
  formatServerFinal,
  formatServerFirst,
  parseClientFinal,
  parseClientFirst,
} from "./scram_messages.ts";

/** The one kind of channel binding that we know (RFC 9266). */
const TLS_EXPORTER = "tls-exporter";

/** What the exchange needs of its connection. */
export interface ScramChannel {
  /** Random printable text without a comma, new for each exchange. */
  readonly nonce: string;
  /** The `tls-exporter` data of the connection; null when there is none, so that -PLUS is not offered. */
  readonly binding: Uint8Array | null;
}

/** What comes next. The two questions are answered with `useSalt` and `accept`, by whoever knows the account. */
export type ScramStep =
  /** The last one is our signature: where a protocol has a place for it in its success, it needs no answer (RFC 4422 section 3.6). */
  | { readonly kind: "challenge"; readonly challenge: Uint8Array; readonly isLast?: true }
  /** Which salt does this user have? */
  | { readonly kind: "salt-wanted"; readonly authzid: string; readonly user: string }
  /** Is the proof right for these signed words? */
  | { readonly kind: "proof"; readonly authMessage: string; readonly proof: Uint8Array }
  /** The client has seen our signature: it is logged in. */
  | { readonly kind: "done" };

type State =
  | { readonly kind: "first" }
  | { readonly kind: "salting"; readonly first: ClientFirst }
  | {
    readonly kind: "final";
    readonly gs2Header: string;
    readonly nonce: string;
    readonly bare: string;
    readonly serverFirst: string;
  }
  | { readonly kind: "judging" }
  | { readonly kind: "farewell" }
  | { readonly kind: "over" };

/**
 * The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) as a machine: it checks grammar,
 * nonce and channel binding and puts together what is signed; salt, proof and signature come from outside.
 */
export class ScramExchange {
  readonly mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS";
  readonly #channel: ScramChannel;
  #state: State = { kind: "first" };

  constructor(mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS", channel: ScramChannel) {
    this.mechanism = mechanism;
    this.#channel = channel;
  }

  /** The client speaks first: without an initial response it is asked for its message with an empty challenge. */
  start(initialResponse: Uint8Array | null): ScramStep {
    return initialResponse === null
      ? { kind: "challenge", challenge: new Uint8Array(0) }
      : this.next(initialResponse);
  }

  /** Throws `ProtocolError` for what SCRAM does not allow; then the exchange is over. */
  next(response: Uint8Array): ScramStep {
    const state = this.#state;
    this.#state = { kind: "over" };
    switch (state.kind) {
      case "first":
        return this.#readFirst(response);
      case "final":
        return this.#readFinal(response, state);
      case "farewell":
        // Where the server's signature was a challenge, for want of success data, its answer is empty (RFC 4422 section 3.6).
        if (response.length > 0) throw new ProtocolError("SCRAM: the last response must be empty");
        return { kind: "done" };
      default:
        throw new ProtocolError("SCRAM: nothing is expected any more");
    }
  }

  /** The answer to `salt-wanted`: what the client is told. */
  useSalt(salt: { readonly salt: Uint8Array; readonly iterations: number }): ScramStep {
    if (this.#state.kind !== "salting") throw new Error("Give the salt when it is wanted");
    const { gs2Header, bare, nonce: clientNonce } = this.#state.first;
    const nonce = clientNonce + this.#channel.nonce;
    const serverFirst = formatServerFirst({ nonce, ...salt });
    this.#state = { kind: "final", gs2Header, bare, nonce, serverFirst };
    return { kind: "challenge", challenge: encodeUtf8(serverFirst) };
  }

  /** The answer to `proof` when it is right, with our own signature, which proves to the client that we know it too. */
  accept(signature: Uint8Array): ScramStep {
    if (this.#state.kind !== "judging") throw new Error("Accept the proof when it is there");
    this.#state = { kind: "farewell" };
    return { kind: "challenge", challenge: encodeUtf8(formatServerFinal(signature)), isLast: true };
  }

  #readFirst(response: Uint8Array): ScramStep {
    const first = parseClientFirst(response);
    this.#checkBinding(first);
    this.#state = { kind: "salting", first };
    return { kind: "salt-wanted", authzid: first.authzid, user: first.user };
  }

  /** RFC 5802 section 6. */
  #checkBinding({ binding }: ClientFirst): void {
    if (this.mechanism === "SCRAM-SHA-256-PLUS") {
      if (binding.kind !== "used") throw new ProtocolError("SCRAM: -PLUS needs channel binding");
      if (binding.type !== TLS_EXPORTER) {
        throw new ProtocolError(`SCRAM: the only channel binding here is ${TLS_EXPORTER}`);
      }
      return;
    }
    if (binding.kind === "used") throw new ProtocolError("SCRAM: channel binding needs the -PLUS mechanism");
    // The client believes that we do not offer it, and we do: somebody in between has changed the list.
    if (binding.kind === "unoffered" && this.#channel.binding !== null) {
      throw new ProtocolError(
        "SCRAM: channel binding is offered here, though your client was told otherwise",
      );
    }
  }

  #readFinal(response: Uint8Array, state: Extract<State, { kind: "final" }>): ScramStep {
    const final = parseClientFinal(response);
    if (final.nonce !== state.nonce) {
      throw new ProtocolError("SCRAM: the nonce is not the one of this exchange");
    }
    const data = this.mechanism === "SCRAM-SHA-256-PLUS" ? this.#channel.binding : null;
    if (!equalConstantTime(final.binding, expectedBinding(state.gs2Header, data))) {
      throw new ProtocolError("SCRAM: the channel binding does not match");
    }
    this.#state = { kind: "judging" };
    const authMessage = `${state.bare},${state.serverFirst},${final.withoutProof}`;
    return { kind: "proof", authMessage, proof: final.proof };
  }
}
