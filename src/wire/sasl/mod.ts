/**
 * SASL, the server's side (RFC 4422): PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login) and SCRAM-SHA-256 with and
 * without channel binding (RFC 5802, RFC 7677, RFC 9266), OAUTHBEARER (RFC 7628) and XOAUTH2 as machines without input or output, shared by SMTP, IMAP and
 * POP3. Whoever drives a machine feeds it the decoded responses and sends the challenges it asks for; at the end stands
 * a pair of name and password, or a proof, never a decision. Nothing here keeps, logs or shows a password, and no error
 * message repeats what the client sent.
 */
export { decodeBase64, encodeBase64 } from "./base64.ts";
export {
  BEARER_MECHANISMS,
  type BearerClaim,
  BearerExchange,
  type BearerMechanism,
  type BearerStep,
} from "./bearer.ts";
export { actsForItself, type Credentials, decodePlain } from "./plain.ts";
export {
  SASL_MECHANISMS,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  startSasl,
} from "./exchange.ts";
export { saslPrep } from "./saslprep.ts";
export { type ScramChannel, ScramExchange, type ScramStep } from "./scram.ts";
export { type ClientFinal, type ClientFirst, parseClientFinal, parseClientFirst } from "./scram_messages.ts";
