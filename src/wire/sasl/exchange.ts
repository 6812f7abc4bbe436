import { encodeUtf8, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { type Credentials, decodePlain } from "./plain.ts";

export type SaslMechanism = "PLAIN" | "LOGIN";

/** The mechanisms by which the client shows its password to us, as they are announced. */
export const SASL_MECHANISMS: readonly SaslMechanism[] = ["PLAIN", "LOGIN"];

/** What comes next: a challenge to send, or the end. */
export type SaslStep =
  | { readonly kind: "challenge"; readonly challenge: Uint8Array }
  | { readonly kind: "credentials"; readonly credentials: Credentials };

/** One exchange. Both methods throw `ProtocolError` for a response that the mechanism does not allow. */
export interface SaslExchange {
  readonly mechanism: SaslMechanism;
  /** Begins, with the initial response when the client sent one (RFC 4422 section 4.1). */
  start(initialResponse: Uint8Array | null): SaslStep;
  next(response: Uint8Array): SaslStep;
}

/** Begins an exchange of PLAIN or LOGIN by the name of the mechanism, in any case; null when it is neither. */
export function startSasl(mechanism: string): SaslExchange | null {
  switch (mechanism.toUpperCase()) {
    case "PLAIN":
      return new PlainExchange();
    case "LOGIN":
      return new LoginExchange();
    default:
      return null;
  }
}

class PlainExchange implements SaslExchange {
  readonly mechanism = "PLAIN";

  start(initialResponse: Uint8Array | null): SaslStep {
    return initialResponse === null ? challenge("") : this.next(initialResponse);
  }

  next(response: Uint8Array): SaslStep {
    return { kind: "credentials", credentials: decodePlain(response) };
  }
}

/** Asks for the name, then for the password. Some clients send the name as the initial response. */
class LoginExchange implements SaslExchange {
  readonly mechanism = "LOGIN";
  #user: string | null = null;

  start(initialResponse: Uint8Array | null): SaslStep {
    return initialResponse === null ? challenge("Username:") : this.next(initialResponse);
  }

  next(response: Uint8Array): SaslStep {
    const text = tryDecodeUtf8(response);
    if (text === null || text === "" || text.includes("\0")) {
      throw new ProtocolError("The name and the password of LOGIN must be UTF-8 text, not empty");
    }
    if (this.#user === null) {
      this.#user = text;
      return challenge("Password:");
    }
    return { kind: "credentials", credentials: { authzid: "", user: this.#user, password: text } };
  }
}

function challenge(text: string): SaslStep {
  return { kind: "challenge", challenge: encodeUtf8(text) };
}
